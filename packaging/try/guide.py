"""The pages of the documentation as a list of things to do: what stands in their fenced blocks,
in order, by heading.

A block of kind `sh` is given to a shell line by line. Any other block whose first line is a
comment with an absolute path is what stands in that file; with `at these keys` behind the path,
only the top-level keys of the block are changed there. The rest are examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"

FOLLOWED = (
    ("installing.md", "1. The program"),
    ("installing.md", "2. Its user, and the group of the staff"),
    ("installing.md", "3. The office and its folders"),
    ("installing.md", "4. The daemon"),
    ("installing.md", "5. The shares"),
    ("portal.md", "Start it"),
    ("desk.md", "Start it"),
    ("installing.md", "6. The portal and the desk"),
    ("installing.md", "7. Try it"),
    ("installing.md", "8. The first backup"),
    ("operations.md", "Restore"),
    ("operations.md", "Upgrade"),
    ("serving.md", "nginx"),
    ("serving.md", "Let it read"),
    ("serving.md", "Check it"),
    ("desk.md", "Clients and staff on the desk"),
)
"""The parts that `make try-install` follows; a test of the documentation counts their blocks as
run."""

WITH_THE_PACKAGE = ("installing.md", "With the Debian package")
"""The part that `make try-deb` follows."""

IN_CONTAINERS = ("installing.md", "In containers")
WITH_COMPOSE = ("installing.md", "With compose")
"""The parts that `make try-container` follows."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the word behind its fence, and what is in it."""

    kind: str
    text: str

    @property
    def file(self) -> str | None:
        """The file whose content it is."""
        found = re.match(r"# (/\S+?)(?:,|$)", self.text, re.MULTILINE)
        return found[1] if found and self.kind != "sh" else None

    @property
    def is_partial(self) -> bool:
        return "at these keys" in self.text.partition("\n")[0]

    def lines(self) -> list[str]:
        """Its commands, those that are broken by a backslash whole."""
        whole = self.text.replace("\\\n", " ").splitlines()
        return [
            " ".join(line.split()) if "podman" in line else line for line in whole if line.strip() and not line.startswith("#")
        ]


def sections(page: str) -> Iterator[tuple[str, str]]:
    """(heading, text below it) of the second level."""
    parts = re.split(r"^## (.+)$", (DOCS / page).read_text(), flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


def blocks(page: str, heading: str) -> list[Block]:
    """The fenced blocks of a section. Raises KeyError if there is no such section."""
    text = dict(sections(page))[heading]
    return [Block(kind, body) for kind, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]


def with_keys(file: str, block: str) -> str:
    """`file`, a YAML file, with the top-level keys of `block` as they stand there."""
    wanted = {line.partition(":")[0]: line for line in block.splitlines() if line and not line.startswith(("#", " "))}
    kept = [
        part
        for part in re.split(r"^(?=[a-z_]+:)", file, flags=re.MULTILINE)
        if part.partition(":")[0] not in wanted
    ]  # fmt: skip
    return "".join(kept) + "\n" + "\n".join(wanted.values()) + "\n"
