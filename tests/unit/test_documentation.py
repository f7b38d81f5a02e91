"""What the documentation says of the code is true of the code."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_each_line_of_the_threat_model_names_a_test_that_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (CHECKOUT / "docs/security.md").read_text()))
    there = {name for path in (CHECKOUT / "tests").rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())}
    assert named
    assert named <= there, sorted(named - there)


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.relative_to(CHECKOUT)}: {target}"
