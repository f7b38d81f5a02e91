"""What people get wrong in YAML is told with the line as it stands and how it should read, in both languages."""

from __future__ import annotations

import pytest

from dossier.office.keys import Settings
from dossier.text.sentences import Sentence, told
from dossier.text.yamltext import Scalar, plain, read_map
from ingest.sidecar.reading import read_sidecar

GOOD = "description: Annual accounts 2025\n"


@pytest.mark.parametrize(
    ("text", "line", "code", "better"),
    [
        (GOOD + "explanation: note: see page 3\n", 2, "yaml.colon", 'explanation: "note: see page 3"'),
        (GOOD + "contact: @jansen\n", 2, "yaml.odd_begin", 'contact: "@jansen"'),
        (GOOD + "location: `2025`\n", 2, "yaml.odd_begin", 'location: "`2025`"'),
        (GOOD + "explanation: *urgent*\n", 2, "yaml.odd_begin", 'explanation: "*urgent*"'),
        ('description: "Annual accounts\nstatus: new\n', 1, "yaml.open_quote", 'description: "Annual accounts"'),
        ("description: 's-Hertogenbosch, offer\n", 1, "yaml.open_quote", 'description: "\'s-Hertogenbosch, offer"'),
        ("description: 't Hoekje\nstatus: new\n", 1, "yaml.open_quote", 'description: "\'t Hoekje"'),
        ('description: "Annual" accounts\nstatus: new\n', 1, "yaml.behind_quotes", "description: '\"Annual\" accounts'"),
        ("description:Annual accounts\nstatus: new\n", 1, "yaml.no_blank", "description: Annual accounts"),
        (GOOD + "status:done\n", 2, "yaml.no_blank", "status: done"),
        ("description: “Annual: accounts”\n", 1, "yaml.curly_quotes", 'description: "Annual: accounts"'),
        (GOOD + "\tstatus: new\n", 2, "yaml.tab", "status: new"),
        (GOOD + "labels:\n\t- tax\n", 3, "yaml.tab", "- tax"),
        (GOOD + "  status: new\n", 2, "yaml.indented", "status: new"),
        (
            GOOD + "attachments: [{file: a.pdf, note: see #12}]\n",
            2,
            "yaml.comment_in_brackets",
            'attachments: [{file: a.pdf, note: "see #12"}]',
        ),
        (GOOD + "labels: [btw #1, lonen]\n", 2, "yaml.comment_in_brackets", 'labels: ["btw #1", lonen]'),
        (
            GOOD + "bijlagen:\n- {bestand: scan #1.pdf, delen: ja}\n- b.pdf\n",
            3,
            "yaml.comment_in_brackets",
            '- {bestand: "scan #1.pdf", delen: ja}',
        ),
        ("omschrijving: 'De foto's van het pand'\n", 1, "yaml.behind_quotes", 'omschrijving: "De foto\'s van het pand"'),
        ("omschrijving: 'Bakkerij 't Hoekje'\n", 1, "yaml.behind_quotes", 'omschrijving: "Bakkerij \'t Hoekje"'),
        (GOOD + "contact: & Sons\n", 2, "yaml.odd_begin", 'contact: "& Sons"'),
        (GOOD + "explanation: - by phone\n", 2, "yaml.dash", 'explanation: "- by phone"'),
        (GOOD + "explanation: > by phone\n", 2, "yaml.odd_begin", 'explanation: "> by phone"'),
        (GOOD + "explanation: ? by phone\n", 2, "yaml.odd_begin", 'explanation: "? by phone"'),
        (GOOD + "explanation: [draft] by phone\n", 2, "yaml.odd_begin", 'explanation: "[draft] by phone"'),
        (GOOD + "labels: [@tax, b]\n", 2, "yaml.odd_begin", 'labels: ["@tax", b]'),
        (GOOD + "labels: [a, *tax*]\n", 2, "yaml.odd_begin", 'labels: [a, "*tax*"]'),
        (GOOD + "labels: [a, > 5%]\n", 2, "yaml.odd_begin", 'labels: [a, "> 5%"]'),
        (GOOD + "labels:\n  - @tax\n", 3, "yaml.odd_begin", '- "@tax"'),
        (
            GOOD + "attachments: [a.pdf, {file: %1 b.pdf, share: no}]\n",
            2,
            "yaml.odd_begin",
            'attachments: [a.pdf, {file: "%1 b.pdf", share: no}]',
        ),
        (GOOD + 'explanation: "M:\\Quarter"\n', 2, "yaml.backslash", "explanation: 'M:\\Quarter'"),
        (GOOD + 'explanation: "M:\\users"\n', 2, "yaml.backslash", "explanation: 'M:\\users'"),
    ],
)
def test_what_was_meant_is_told(text: str, line: int, code: str, better: str) -> None:
    _, (fault, *_) = read_map(text.encode())
    assert isinstance(fault.message, Sentence)
    assert (fault.line, fault.message.code, fault.message.values["better"]) == (line, code, better)
    for language in ("en", "nl"):
        assert better in told(fault.message, language)
        assert text.split("\n")[line - 1].strip() in told(fault.message, language)


@pytest.mark.parametrize(
    ("text", "line", "code", "better"),
    [
        ("description: Annual\u2028accounts\nstatus: new\n", 1, "yaml.odd_break", "description: Annual accounts"),
        (GOOD + "labels: [a]\nexplanation: 'yes'\u2029indeed\n", 3, "yaml.odd_break", "explanation: 'yes' indeed"),
        (GOOD + "explanation: |\n  one\u2028two\n  three\r\n", 3, "yaml.odd_break", "one two"),
        ("description: Annual\x85 accounts\nexplanation: note: page 3\n", 2, "yaml.colon", 'explanation: "note: page 3"'),
    ],
)
def test_what_ends_a_line_to_yaml_alone_is_told_of_and_counts_as_none(text: str, line: int, code: str, better: str) -> None:
    _, (fault, *_) = read_map(text.encode())
    assert isinstance(fault.message, Sentence)
    assert (fault.line, fault.message.code, fault.message.values["better"]) == (line, code, better)


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("office:\n  name: K\n language: en\n", 3, "yaml.dedented"),
        (GOOD + "attachments:\n  - file: a.pdf\n    share: yes\n   note: x\n", 5, "yaml.dedented"),
        (GOOD + "attachments:\n  - a.pdf\n - b.pdf\n", 4, "yaml.dedented"),
        (" " + GOOD + "status: new\n", 2, "yaml.dedented"),
        (GOOD + "attachments:\n- {file: a.pdf}\n    # a comment\n\n    share: yes\n", 6, "yaml.indented"),
        (GOOD + "labels:\n  - tax\n  status: new\n", 4, "yaml.no_dash"),
        ("clients: {}\n  acme-bv:\n    name: Acme\n", 1, "yaml.empty_brackets"),
        (GOOD + "attachments: []  # those below\n  - a.pdf\n", 2, "yaml.empty_brackets"),
        (GOOD + "\u00a0share: yes\n", 2, "yaml.odd_blanks"),
        (GOOD + "attachments:\n\u00a0\u00a0- a.pdf\n", 3, "yaml.odd_blanks"),
        ("description:\u00a0Accounts\nstatus: new\n", 1, "yaml.odd_blanks"),
        ("clients:\n  acme-bv:\n    name:\u00a0Acme\n    active: yes\n", 3, "yaml.odd_blanks"),
        (GOOD + "labels: ]\n", 2, "yaml.odd_begin"),
        (GOOD + "labels: [a, b]]\n", 2, "yaml.unreadable"),
        (GOOD + "- a\n", 2, "yaml.unreadable"),
        (GOOD + "labels: [a: b: c]\n", 2, "yaml.unreadable"),
        (GOOD + "labels: ['a' b, c]\n", 2, "yaml.unreadable"),
        ("%PDF-1.4\n", 1, "yaml.unreadable"),
    ],
)
def test_a_line_that_begins_where_none_can_is_told_as_that(text: str, line: int, code: str) -> None:
    _, (fault,) = read_map(text.encode())
    assert isinstance(fault.message, Sentence)
    assert (fault.line, fault.message.code) == (line, code)
    for language in ("en", "nl"):
        assert text.split("\n")[line - 1].strip().partition(" ")[0].partition("\u00a0")[0] in told(fault.message, language)


def test_the_bracket_is_named_that_the_comment_stands_in() -> None:
    _, (fault,) = read_map(b"zr: {name: A #1, rights: [create]}\n")
    assert isinstance(fault.message, Sentence)
    assert (fault.message.code, fault.message.values["mark"]) == ("yaml.comment_in_brackets", "{")


def test_a_blank_within_a_value_is_part_of_it() -> None:
    tree, faults = read_map("description: a\u00a0b\nexplanation: |\n  \u00a0indented: by hand\n".encode())
    assert (plain(tree), faults) == ({"description": "a\u00a0b", "explanation": "\u00a0indented: by hand\n"}, [])


def test_an_open_bracket_is_told_where_it_opens() -> None:
    _, (fault,) = read_map((GOOD + "attachments: [a.pdf, b.pdf\nstatus: new\n").encode())
    assert (fault.line, str(fault.message)[:60]) == (2, "this is not YAML: the `[` in `attachments: [a.pdf, b.pdf` is")


@pytest.mark.parametrize(
    ("text", "line", "better"),
    [
        ("description: Invoice 2025 #118\n", 1, '"Invoice 2025 #118"'),
        ("omschrijving: Factuur 2025   #118\n", 1, '"Factuur 2025 #118"'),
        (GOOD + "explanation: see page 3 # not for the client\n", 2, '"see page 3 # not for the client"'),
        (GOOD + "labels:\n- tax #1\n", 3, '"tax #1"'),
        (GOOD + "attachments:\n- scan #1.pdf\n", 3, '"scan #1.pdf"'),
        (GOOD + "attachments:\n- file: scan #1.pdf\n", 3, '"scan #1.pdf"'),
        ("item: D-2026-000001\nrename: {a.pdf: b}\nremove:\n- scan #1.pdf\n", 4, '"scan #1.pdf"'),
    ],
)
def test_a_comment_behind_a_free_text_or_a_file_name_is_refused_with_advice(text: str, line: int, better: str) -> None:
    _, faults = read_sidecar(text.encode(), Settings())
    (fault,) = [fault for fault in faults if getattr(fault.message, "code", "") == "yaml.cut_off"]
    assert fault.line == line
    assert f"put the whole value in quotes: `{better}`" in str(fault.message)


@pytest.mark.parametrize(
    "text",
    [
        GOOD + "status: new # as always\n",
        GOOD + "# a line of its own\nlabels: [tax, vat] # both\n",
        'description: "Invoice #118" # quoted\n',
        "description: Invoice#118 of 2025\n",
        GOOD + "explanation: |\n  page #3\n",
        GOOD + "attachments:\n- {file: a.pdf, share: no} # not yet\n- file: b.pdf\n  share: no # nor this\n",
    ],
)
def test_a_comment_where_it_cuts_nothing_off_is_a_comment(text: str) -> None:
    assert [str(fault.message) for fault in read_sidecar(text.encode(), Settings())[1]] == []


def test_utf_16_with_its_mark_is_read_and_other_encodings_are_named() -> None:
    for encoding in ("utf-16", "utf-8-sig"):
        assert plain(read_map("description: Één klant\n".encode(encoding))[0]) == {"description": "Één klant"}
    _, (fault,) = read_map(b"a: b\nc: \xe9\xe9n\n")
    assert (fault.line, "windows-1252" in str(fault.message), "Notepad" in str(fault.message)) == (2, True, True)
    for wide in ("a: b\n".encode("utf-16-le"), "a: é\n".encode("utf-16") + b"x"):
        _, (fault,) = read_map(wide)
        assert "UTF-16" in str(fault.message)


def test_pairs_of_surrogates_as_json_writes_them_are_one_character() -> None:
    assert plain(read_map(rb'{"description": "smile \ud83d\ude00, \\ud83d\\ude00"}')[0]) == {
        "description": "smile 😀, \\ud83d\\ude00"
    }


def test_a_line_is_what_an_editor_calls_one() -> None:
    tree, faults = read_map("a: 'x\u2028y\x85z'\nb: 1\nb: 2\n".encode())
    assert isinstance(tree.entries["b"].node, Scalar)
    assert tree.entries["b"].line == 2
    assert [fault.line for fault in faults] == [3]
