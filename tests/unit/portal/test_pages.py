"""The portal's pages, as values: what they show, what they never do, and that no text lacks its Dutch."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import typer
import typer.main
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import desk
import workflow
from desk.cli import main
from workflow.messages import language
from workflow.messages.firm import Ask
from workflow.messages.logo import Logo
from workflow.portal import pages
from workflow.portal.pages import House, ShownFile, ShownItem, ZipOfAll

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }} & \u202egnp.exe"
VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """The elements of a page, as (name, attributes); fails on a page that isn't well nested."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def a_file(name: str = "annual accounts.pdf", size: int = 40311) -> ShownFile:
    return ShownFile(name, size, "9f" * 32, "application/pdf")


def an_item(
    number: int = 12,
    description: str = "Annual accounts 2025",
    explanation: str | None = None,
    at: str = "2026-11-24T10:00:00+01:00",
    files: tuple[ShownFile, ...] = (a_file(),),
) -> ShownItem:
    return ShownItem(f"D-2026-{number:06}", description, explanation, at, files)


HOUSE = House("Client portal", "Kantoor De Vries")
LOGO = Logo(b"\x89PNG", 200, 40)


def index(*items: ShownItem, language: str = "en", name: str = "Acme B.V.", house: House = HOUSE) -> str:
    return pages.index_html(house, name, language, items)


def download_links(page: Page) -> list[dict[str, str | None]]:
    return [link for link in page.all("a") if "download" in link]


# The index


def test_the_index_is_in_the_clients_language() -> None:
    dutch, english = index(an_item(), language="nl"), index(an_item(), language="en")
    assert '<html lang="nl">' in dutch
    assert '<html lang="en">' in english
    assert "24 november 2026" in dutch
    assert "24 November 2026" in english
    assert "Zoek in omschrijvingen" in dutch
    assert "40 kB" in dutch


def test_items_are_grouped_by_year_newest_first() -> None:
    page = Page(
        index(
            an_item(3, at="2026-02-01T10:00:00+01:00"),
            an_item(2, at="2026-01-01T10:00:00+01:00"),
            an_item(1, at="2025-12-31T23:59:00+01:00"),
        )
    )
    order = [attributes.get("id") for tag, attributes in page.elements if tag in ("h2", "article")]
    assert order == ["year-2026", "D-2026-000003", "D-2026-000002", "year-2025", "D-2026-000001"]
    assert [link["href"] for link in page.all("a") if (link["href"] or "").startswith("#year")] == ["#year-2026", "#year-2025"]


def test_each_item_can_be_linked_to() -> None:
    page = Page(index(an_item(12)))
    assert [article["id"] for article in page.all("article")] == ["D-2026-000012"]
    assert {"href": "#D-2026-000012"} in page.all("a")


def test_links_to_attachments_are_relative_and_percent_encoded() -> None:
    names = [
        "annual accounts.pdf",
        "100% sure?.pdf",
        "a#b&c.pdf",
        'it\'s "so".pdf',
        "Bücher €.pdf",
        "javascript:alert(1).pdf",
        "x+y;z=1.pdf",
    ]
    links = download_links(Page(index(an_item(files=tuple(a_file(name) for name in names)))))
    assert links[0]["href"] == "D-2026-000012/annual%20accounts.pdf"
    for link, name in zip(links, names, strict=True):
        href = link["href"] or ""
        assert re.fullmatch(r"D-2026-000012/[A-Za-z0-9._~%-]+", href)
        assert unquote(href) == f"D-2026-000012/{name}"


def test_attachments_are_saved_and_never_opened_as_the_portal() -> None:
    page = Page(index(an_item(files=(a_file("page.html"), a_file("drawing.svg")))))
    assert [link["rel"] for link in download_links(page)] == ["noopener", "noopener"]
    assert not page.all("iframe") + page.all("object") + page.all("embed") + page.all("img")


def test_hostile_text_stays_text() -> None:
    page = Page(index(an_item(description=HOSTILE, explanation=HOSTILE, files=(a_file(HOSTILE.replace("/", "")),)), name=HOSTILE))
    assert page.text.count("<script>alert(1)</script>") == 4  # title, h1, h3, explanation
    assert [(script.get("src") or "").partition("?")[0] for script in page.all("script")] == ["_pages/search.js"]
    assert not page.all("img")
    assert "{{ 7*7 }}" in page.text


@pytest.mark.parametrize("items", [(), (an_item(explanation=HOSTILE), an_item(1, at="2025-01-01T00:00:00+01:00"))])
def test_pages_have_no_script_style_or_address_but_their_own(items: tuple[ShownItem, ...]) -> None:
    html = index(*items)
    page = Page(html)
    assert not page.all("style")
    for _, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert "://" not in html.replace("http-equiv", "")
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]
    policy = next(meta["content"] or "" for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for data in pages.static_files().values():
        assert b"://" not in data
        assert b"url(" not in data
        assert b"@import" not in data


def test_ids_are_unique_and_labels_point_somewhere() -> None:
    page = Page(index(*(an_item(number) for number in range(20, 0, -1))))
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    assert {label["for"] for label in page.all("label")} <= set(ids)
    assert {section["aria-labelledby"] for section in page.all("section")} <= set(ids)
    assert "#main" in {link["href"] for link in page.all("a")}


def test_without_scripts_there_is_a_plain_list_and_no_search_box() -> None:
    html = index(an_item())
    assert [attributes for _, attributes in Page(html).elements if attributes.get("role") == "search"] == [
        {"id": "search", "role": "search", "hidden": None}
    ]
    assert "Annual accounts 2025" in html


def test_a_portal_with_nothing_on_it_says_so() -> None:
    assert "nothing here yet" in index()
    assert "Er staat hier nog niets" in index(language="nl")
    assert 'role="search"' not in index()


def test_an_explanation_is_shown_only_if_it_is_there() -> None:
    assert 'class="more"' not in index(an_item(explanation=None))
    assert "Signed by\nboth" in index(an_item(explanation="Signed by\nboth"))


def test_an_item_without_attachments_has_no_empty_list() -> None:
    assert "<ul>" not in index(an_item(files=()))


def test_the_badge_is_the_files_type() -> None:
    html = index(an_item(files=(a_file("a.pdf"), a_file("b.XLSX"), a_file("README"), a_file("x.<b>"), a_file("c.d e"))))
    assert re.findall(r'<b class="(\w+)" aria-hidden="true">([^<]*)</b>', html) == [
        ("pdf", "PDF"),
        ("sheet", "XLSX"),
        ("other", "·"),
        ("other", "·"),
        ("other", "·"),
    ]


def test_a_file_with_a_picture_shows_it_instead_of_its_badge() -> None:
    page = Page(index(an_item(files=(ShownFile("a.pdf", 1, "9f" * 32, "application/pdf", "_pages/D-2026-000012-9f.webp"),))))
    assert page.all("img") == [
        {"src": "_pages/D-2026-000012-9f.webp", "alt": "", "loading": "lazy", "decoding": "async"},
    ]
    assert not page.all("b")


def test_an_archive_of_all_attachments_is_offered_if_there_is_one() -> None:
    several = (a_file("a.pdf"), a_file("b.pdf"))
    item = ShownItem(
        "D-2026-000012", "Annual accounts", None, "2026-11-24T10:00:00+01:00", several, ZipOfAll("_pages/x.zip", 1_500_000)
    )
    link = download_links(Page(index(item)))[-1]
    assert (link["href"], link["download"]) == ("_pages/x.zip", "D-2026-000012.zip")
    assert "Download all 2 files" in index(item)
    assert "ZIP · 1.5 MB" in index(item)
    assert "Download all" not in index(an_item(files=several))


def test_the_same_pages_look_the_same_and_others_do_not() -> None:
    portal = House("Portal", "Kantoor")
    looks = [
        pages.look(*values)
        for values in (
            (portal, "http://localhost", "acme-bv", "Acme", "nl"),
            (House("Portal!", "Kantoor"), "http://localhost", "acme-bv", "Acme", "nl"),
            (House("Portal", "De Vries"), "http://localhost", "acme-bv", "Acme", "nl"),
            (House("Portal", "Kantoor", LOGO), "http://localhost", "acme-bv", "Acme", "nl"),
            (House("Portal", "Kantoor", None, Ask("Jan", "020 1")), "http://localhost", "acme-bv", "Acme", "nl"),
            (portal, "http://localhost/", "acme-bv", "Acme", "nl"),
            (portal, "http://localhost", "acme", "Acme", "nl"),
            (portal, "http://localhost", "acme-bv", "Acme B.V.", "nl"),
            (portal, "http://localhost", "acme-bv", "Acme", "en"),
        )
    ]
    assert len(set(looks)) == len(looks)
    assert pages.look(portal, "http://localhost", "acme-bv", "Acme", "nl") == looks[0]


def test_the_firms_logo_stands_on_top_with_its_name_for_who_does_not_see_it() -> None:
    [image] = Page(index(an_item(), house=House("Client portal", "Kantoor De Vries", LOGO))).all("img")
    assert (image["src"], image["alt"]) == (f"_pages/logo.png?{LOGO.version}", "Kantoor De Vries")
    assert not Page(index(an_item())).all("img")


def test_whom_to_call_is_named_with_a_number_that_a_telephone_dials() -> None:
    html = index(language="nl", house=House("Portaal", "Kantoor", None, Ask("Marieke de Vries", "+31 (0)20 123 45-67")))
    assert "Heeft u een vraag? Bel Marieke de Vries:" in html
    assert '<a href="tel:+31201234567">+31 (0)20 123 45-67</a>' in html
    assert "Uw contactpersoon op kantoor" in index(language="nl")


@pytest.mark.parametrize(
    ("description", "location", "year"),
    [
        ("Annual accounts 2025", None, "2025"),
        ("Jaarrekening 2024/2025", None, "2025"),
        ("Jaarrekening", "2024/Jaarrekening", "2024"),
        ("Jaarrekening 2023", "2024/Jaarrekening", "2023"),
        ("Jaarrekening", "Fiscaal/IB", "2026"),
        ("Loonstroken januari 2027", None, "2027"),
        ("Artikel 2055 van 2025", None, "2025"),
        ("Offerte 20251234", None, "2026"),
        ("Bedrag 2.025 en 1,2024 en 2024,50", None, "2026"),
        ("Jaarrekening 2025.", None, "2025"),
        ("Vernieuwd (2022)", None, "2022"),
        ("Huurcontract uit 1949", None, "2026"),
    ],
)
def test_the_year_of_a_paper_is_in_its_words(description: str, location: str | None, year: str) -> None:
    assert pages.year_of(description, location, "2026-11-24T10:00:00+01:00") == year


def test_papers_can_be_asked_for_by_the_year_that_they_are_about() -> None:
    old, new = (replace(an_item(number), year=year) for number, year in ((1, "2024"), (2, "2025")))
    page = Page(index(new, old))
    assert [article["data-year"] for article in page.all("article")] == ["2025", "2024"]
    assert page.all("select") == [{"id": "paper", "autocomplete": "off"}]
    assert len(page.all("option")) == 3
    assert not Page(index(new)).all("select")


def test_text_that_utf_8_or_xml_cannot_hold_breaks_no_page() -> None:
    item = an_item(description="half \ud800 and \x00 and \x0b")
    assert "half \ufffd and \ufffd and \ufffd" in index(item).encode().decode()
    ElementTree.fromstring(pages.feed_xml("Portal", "acme-bv", "Acme", "http://localhost", [item]).encode())
    assert json.loads(pages.items_json("acme-bv", [item]))["items"][0]["description"] == item.description


def test_items_json_has_exactly_the_keys_of_the_contract() -> None:
    text = pages.items_json(
        "acme-bv", [an_item(13, explanation="See page 2"), an_item(12, description="Été — café", files=())]
    ).decode()
    assert json.loads(text) == {
        "schema_version": 1,
        "client": "acme-bv",
        "items": [
            {
                "item": "D-2026-000013",
                "description": "Annual accounts 2025",
                "explanation": "See page 2",
                "published_at": "2026-11-24T10:00:00+01:00",
                "attachments": [
                    {"name": "annual accounts.pdf", "size": 40311, "sha256": "9f" * 32, "media_type": "application/pdf"}
                ],
            },
            {
                "item": "D-2026-000012",
                "description": "Été — café",
                "explanation": None,
                "published_at": "2026-11-24T10:00:00+01:00",
                "attachments": [],
            },
        ],
    }


def test_items_json_of_nobody_is_an_empty_list() -> None:
    assert json.loads(pages.items_json("acme-bv", [])) == {"schema_version": 1, "client": "acme-bv", "items": []}


# feed.xml


def feed(*items: ShownItem) -> ElementTree.Element:
    return ElementTree.fromstring(
        pages.feed_xml("Client portal", "acme-bv", "Acme B.V.", "https://portal.example/", items).encode()
    )


def test_the_feed_has_what_atom_requires() -> None:
    root = feed(an_item(files=(a_file("100% sure?.pdf"),)))
    assert root.tag == f"{ATOM}feed"
    for holder in (root, root.find(f"{ATOM}entry")):
        assert holder is not None
        for name in ("id", "title", "updated"):
            assert holder.findtext(ATOM + name)
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Client portal"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}entry/{ATOM}link")}
    assert links["alternate"] == "https://portal.example/acme-bv/index.html#D-2026-000012"
    assert links["enclosure"] == "https://portal.example/acme-bv/D-2026-000012/100%25%20sure%3F.pdf"


def test_an_item_keeps_its_id_in_the_feed_when_it_is_replaced() -> None:
    before, after = feed(an_item()), feed(an_item(description="Another", at="2026-12-01T10:00:00+01:00"), an_item(11))
    first = before.findtext(f"{ATOM}entry/{ATOM}id")
    ids = [entry.findtext(f"{ATOM}id") for entry in after.findall(f"{ATOM}entry")]
    assert ids[0] == first
    assert ids[1] != first
    assert before.findtext(f"{ATOM}id") == after.findtext(f"{ATOM}id")


def test_hostile_text_stays_text_in_the_feed() -> None:
    root = feed(an_item(description=HOSTILE + "]]>", explanation=HOSTILE))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == HOSTILE + "]]>"
    assert root.findtext(f"{ATOM}entry/{ATOM}content") == HOSTILE


def test_an_empty_feed_is_a_feed_and_a_long_one_has_the_newest() -> None:
    assert feed().findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    assert len(feed(*(an_item(number) for number in range(500, 0, -1))).findall(f"{ATOM}entry")) == pages.FEED_ENTRIES


# Languages


@pytest.mark.parametrize(
    ("count", "english", "dutch"),
    [
        (0, "0 bytes", "0 byte"),
        (1, "1 byte", "1 byte"),
        (999, "999 bytes", "999 byte"),
        (39_200, "39 kB", "39 kB"),
        (1_234_567, "1.2 MB", "1,2 MB"),
        (999_499, "999 kB", "999 kB"),
        (999_600, "1 MB", "1 MB"),
        (9_960_000, "10 MB", "10 MB"),
        (5_300_000_000, "5.3 GB", "5,3 GB"),
    ],
)
def test_sizes_are_written_as_people_of_the_language_write_them(count: int, english: str, dutch: str) -> None:
    assert (language.size(count, "en"), language.size(count, "nl")) == (english, dutch)


def test_dates_are_those_of_the_office_and_not_of_utc() -> None:
    assert language.day("2026-01-01T00:30:00+01:00", "nl") == "1 januari 2026"


def source_texts() -> set[str | tuple[str, ...]]:
    methods = [
        ("**.py", "python"),
        ("templates/**.html", "jinja2"),
        ("templates/**.xml", "jinja2"),
        ("templates/**.md", "jinja2"),
    ]
    folders = [Path(package.__file__ or "").parent for package in (workflow, desk)]
    return {
        message
        for folder in folders
        for name, _, message, _, _ in extract_from_dir(folder, method_map=methods)
        if not any((folder / name).is_relative_to(other) for other in (STAFF_PAGES, COMMAND_LINE))
    }


STAFF_PAGES = Path(desk.__file__ or "").parent / "web/staff"
COMMAND_LINE = Path(desk.__file__ or "").parent / "cli"


def staff_texts() -> set[str | tuple[str, ...]]:
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    return {message for _, _, message, _, _ in extract_from_dir(STAFF_PAGES, method_map=methods)}


def commands_below(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from commands_below(one)


def command_line_texts() -> set[str | tuple[str, ...]]:
    """What is said, and the help of each command and of all that can be given with it."""
    texts = {message for _, _, message, _, _ in extract_from_dir(COMMAND_LINE, method_map=[("**.py", "python")])}
    for command in commands_below(typer.main.get_command(main.whole())):
        context = command.make_context("dossier", [], resilient_parsing=True)
        texts |= {one.help for one in (command, *command.get_params(context)) if getattr(one, "help", None)}
    return texts


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (COMMAND_LINE / "locale/nl/LC_MESSAGES/cli.po", command_line_texts),
        (language.HERE / "locale/nl/LC_MESSAGES/dossier.po", source_texts),
        (STAFF_PAGES / "locale/nl/LC_MESSAGES/pages.po", staff_texts),
    ],
)
def test_no_text_lacks_its_dutch_and_no_dutch_lacks_its_text(
    path: Path, source: Callable[[], set[str | tuple[str, ...]]]
) -> None:
    with path.open("rb") as file:
        catalog = read_po(file, locale="nl", abort_invalid=True)
    dutch = {message.id: message for message in catalog if message.id}
    read = language.read_catalogue(path.parents[2], path.stem, "nl")
    assert {**read.texts, **read.plurals} == {
        one.id if isinstance(one.id, str) else one.id[0]: one.string for one in dutch.values()
    }, "it is read as others read it"
    texts = source()
    assert len(texts) > 20
    assert texts - set(dutch) == set()
    assert set(dutch) - texts == set()
    for message in dutch.values():
        assert not message.fuzzy
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        assert len(strings) == len(sources)
        for source, string in zip(sources, strings, strict=True):
            assert string
            assert sorted(re.findall(r"%\(\w+\)[sd]|\{n\}", string)) == sorted(re.findall(r"%\(\w+\)[sd]|\{n\}", source))


def test_a_text_without_translation_stays_english() -> None:
    assert language.translator("nl").gettext("No such text") == "No such text"
    assert language.translator("nl").ngettext("one", "many", 2) == "many"
    assert language.translator("en").ngettext("one", "many", 1) == "one"
