"""A form with files is read as it comes: all of it, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.web.shell.bodies import Malformed
from desk.web.shell.parts import parts
from dossier.text.refusals import Refusal

KIND = "multipart/form-data; boundary=b0undary"
HEAD = b'--b0undary\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'


def form(*files: tuple[str, bytes], end: bytes = b"--b0undary--\r\n") -> bytes:
    return b"".join(HEAD % name.encode() + data + b"\r\n" for name, data in files) + end


def read(body: bytes, cuts: Sequence[int] = (), kind: str = KIND) -> list[tuple[str, str | None, bytes]]:
    ends = [*sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    pieces = [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return [(one.name, one.file, b"".join(one.pieces)) for one in parts(kind, filter(None, pieces))]


BYTES = st.lists(st.sampled_from([b"\r\n--b0undary", b"\r\n", b"-", b"--b0undary--", b"\r", b"%PDF", b"\0", b"x" * 70])).map(
    b"".join
)
FILES = st.lists(
    st.tuples(st.sampled_from(["a.pdf", "jaarrekening één.pdf", "x;y=z.pdf"]), BYTES.map(lambda one: one.replace(b"\r\n--b0und", b"\r\n--b1und"))),
    max_size=4,
)  # fmt: skip


@given(FILES, st.lists(st.integers(0, 4000), max_size=12))
def test_each_part_is_what_was_sent_however_it_comes(files: list[tuple[str, bytes]], cuts: list[int]) -> None:
    files = [(name, data if not data.startswith(b"--b0undary") else b"." + data) for name, data in files]
    assert read(form(*files), cuts) == [("file", name, data) for name, data in files]


@given(FILES.filter(len), st.integers(0, 4000), st.lists(st.integers(0, 4000), max_size=4))
def test_a_form_that_breaks_off_is_none(files: list[tuple[str, bytes]], length: int, cuts: list[int]) -> None:
    whole = form(*((name, data if not data.startswith(b"--b0undary") else b"." + data) for name, data in files))
    length %= len(whole) - 4
    with pytest.raises(Malformed):
        read(whole[:length], cuts)


@given(
    st.lists(
        st.sampled_from(
            [b"--b0undary", b"\r\n", b"--", b"Content-Disposition: form-data", b'; name="x"', b": ", b"\0", b"e" * 5000]
        )
    )
)
def test_whatever_comes_is_read_or_refused(pieces: list[bytes]) -> None:
    with suppress(Refusal):
        read(b"".join(pieces))


def test_what_nobody_reads_of_a_part_is_passed_over() -> None:
    seen: Iterator[str | None] = (one.file for one in parts(KIND, [form(("a.pdf", b"1"), ("b.pdf", b"2"))]))
    assert list(seen) == ["a.pdf", "b.pdf"]


@pytest.mark.parametrize(
    "head",
    [
        b'--b0undary\r\nContent-Disposition: form-data; name="file"; filename="caf\xe9.pdf"\r\n\r\n',
        b'--b0undary\r\nContent-Disposition: form-data; filename="a.pdf"\r\n\r\n',
        b'--b0undary\r\nContent-Disposition: attachment; name="file"; filename="a.pdf"\r\n\r\n',
        b"--b0undary\r\nContent-Type: application/pdf\r\n\r\n",
        HEAD[:-4] % b"a.pdf" + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        HEAD[:-4] % b"a.pdf" + b'\r\nContent-Disposition: form-data; name="drop"\r\n\r\n',
    ],
)
def test_a_part_that_is_not_what_it_seems_is_refused(head: bytes) -> None:
    with pytest.raises(Malformed):
        read(head + b"data\r\n--b0undary--\r\n")


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", 'multipart/form-data; boundary=""', f"multipart/form-data; boundary={'b' * 5000}"]
)
def test_a_form_without_a_boundary_is_refused(kind: str) -> None:
    with pytest.raises(Malformed):
        read(form(("a.pdf", b"1")), kind=kind)
