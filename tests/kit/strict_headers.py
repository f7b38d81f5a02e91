"""The headers of a mail, read to the letter of RFC 5322 and RFC 2047: what is not right is told, never guessed at."""

from __future__ import annotations

import base64
import re

_WORD = re.compile(r"=\?([A-Za-z0-9-]+)\?([QBqb])\?([!->@-~]*)\?=")
_Q_IN_TEXT = re.compile(r"(?:[!-<>@-~]|=[0-9A-F]{2})*")
# RFC 2047 section 5 (3): within a phrase.
_Q_IN_PHRASE = re.compile(r"(?:[A-Za-z0-9!*+/_-]|=[0-9A-F]{2})*")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")


def headers(raw: bytes) -> list[tuple[str, str]]:
    """(name, value as it is folded) of each header of a mail. Checks lines, line ends and names."""
    head, found, _ = raw.partition(b"\r\n\r\n")
    assert found, "no end of the headers"
    text = head.decode("ascii")
    assert "\n" not in text.replace("\r\n", ""), "a line end that is none"
    assert "\r" not in text.replace("\r\n", ""), "a line end that is none"
    lines = text.split("\r\n")
    for line in lines:
        assert len(line) <= 998, "RFC 5322 section 2.1.1"
        assert line.strip(), "a line of blanks alone"
        assert line == line.rstrip(), f"blanks at the end of a line: {line!r}"
        assert "=?" not in line or len(line) <= 76, f"RFC 2047 section 2: {line!r}"
    unfolded: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(" "):
            name, value = unfolded.pop()
            unfolded.append((name, f"{value}\r\n{line}"))
        else:
            name, colon, value = line.partition(":")
            assert colon, line
            assert re.fullmatch(r"[!-9;-~]+", name), line
            unfolded.append((name, value.removeprefix(" ")))
    return unfolded


def header(raw: bytes, name: str) -> str:
    """The value of the one header with this name, unfolded."""
    [value] = [value for known, value in headers(raw) if known == name]
    return value.replace("\r\n", "")


def unstructured(raw: bytes, name: str) -> str:
    """A header of free text, as its reader sees it."""
    return _decoded(header(raw, name), _Q_IN_TEXT)


def mailbox(raw: bytes, name: str) -> tuple[str, str]:
    """(name, address) of the one mailbox in an address header."""
    value = header(raw, name)
    found = re.fullmatch(r"(?:(?P<phrase>.*) )?<(?P<address>[^<>\s]+)>|(?P<bare>[^<>\s\"]+)", value)
    assert found, value
    if found["bare"]:
        return "", found["bare"]
    phrase = found["phrase"] or ""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', phrase)
    if quoted:
        assert "=?" not in phrase, "RFC 2047 section 5: no encoded word within quotes"
        return re.sub(r"\\(.)", r"\1", quoted[1]), found["address"]
    for word in phrase.split():
        assert _WORD.fullmatch(word) or _ATOM.fullmatch(word), f"no word of a phrase: {word!r}"
    return _decoded(phrase, _Q_IN_PHRASE), found["address"]


def _decoded(text: str, allowed_in_q: re.Pattern[str]) -> str:
    """Encoded words decoded one by one; blanks between two of them are none (section 6.2), all others are text."""
    shown, was_encoded = "", False
    for piece in re.findall(r" +|[^ ]+", text):
        if piece.startswith(" "):
            blanks = piece
            continue
        encoded = _WORD.fullmatch(piece)
        if shown and not (was_encoded and encoded):
            shown += blanks
        shown += _of_word(encoded, allowed_in_q) if encoded else piece
        assert encoded or "=?" not in piece, f"an encoded word that is none: {piece!r}"
        was_encoded = encoded is not None
    return shown


def _of_word(word: re.Match[str], allowed_in_q: re.Pattern[str]) -> str:
    assert len(word[0]) <= 75, f"RFC 2047 section 2: {word[0]!r}"
    charset, encoding, text = word.groups()
    if encoding in "Bb":
        data = base64.b64decode(text, validate=True)
    else:
        assert allowed_in_q.fullmatch(text), f"RFC 2047 section 4.2 or 5: {text!r}"
        data = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), text.replace("_", " ").encode())
    assert data, "an empty word"
    return data.decode(charset)  # a word that begins or ends within a character raises
