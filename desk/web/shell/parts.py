"""The parts of a form with files (multipart/form-data, RFC 7578), one after the other as they come.

Nothing of a file waits in memory or on the disk. What nobody has read of a part when the next one
is asked for is passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from desk.web.shell.bodies import Malformed

FORM = "multipart/form-data"

AS_IT_IS = (b"", b"7bit", b"8bit", b"binary")
"""Values of Content-Transfer-Encoding with which a part is what it says (RFC 2045 section 6.2)."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    """Of the field."""
    file: str | None
    """The name of the file; None: it is none."""
    pieces: Iterator[bytes]
    """What it holds, once."""


def parts(content_type: str, pieces: Iterable[bytes]) -> Iterator[Part]:
    """Each part of the form whose body these pieces are. Raises Malformed, for a form that breaks
    off as well: before its last part has been given, none counts as all."""
    return _Form(content_type, pieces).parts()


class _Form:
    def __init__(self, content_type: str, pieces: Iterable[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        self._pieces = iter(pieces)
        self._seen = deque[tuple[str, bytes]]()
        """What was read and nobody has asked for: what it is, and its bytes."""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": lambda: self._seen.append(("part", b"")),
                    "on_header_field": lambda data, start, end: self._seen.append(("field", data[start:end])),
                    "on_header_value": lambda data, start, end: self._seen.append(("value", data[start:end])),
                    "on_header_end": lambda: self._seen.append(("header", b"")),
                    "on_headers_finished": lambda: self._seen.append(("headers", b"")),
                    "on_part_data": lambda data, start, end: self._seen.append(("data", data[start:end])),
                    "on_part_end": lambda: self._seen.append(("over", b"")),
                    "on_end": lambda: self._seen.append(("end", b"")),
                },
            )
        except FormParserError as error:
            raise Malformed("tokens.no_form") from error
        if not boundary:
            raise Malformed("tokens.no_form")

    def parts(self) -> Iterator[Part]:
        while (what := self._next()[0]) != "end":
            if what == "part":
                yield self._part()

    def _next(self) -> tuple[str, bytes]:
        """What comes next. Raises Malformed if nothing does."""
        while not self._seen:
            try:
                piece = next(self._pieces, b"")
                if not piece:
                    raise Malformed("tokens.no_form")
                self._parser.write(piece)
            except FormParserError as error:
                raise Malformed("tokens.no_form") from error
        return self._seen.popleft()

    def _part(self) -> Part:
        headers = self._read_headers()
        kind, said = parse_options_header(headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in said:
            raise Malformed("tokens.no_form")
        if headers.get(b"content-transfer-encoding", b"").strip().lower() not in AS_IT_IS:
            raise Malformed("tokens.part_packed")
        try:
            file = said[b"filename"].decode() if b"filename" in said else None
            return Part(said[b"name"].decode(), file, self._data())
        except UnicodeDecodeError as error:
            raise Malformed("tokens.no_form_text") from error

    def _read_headers(self) -> dict[bytes, bytes]:
        """Of a part. Raises Malformed, also for one that stands there twice."""
        headers, name, value = dict[bytes, bytes](), b"", b""
        while (seen := self._next())[0] != "headers":
            if seen[0] == "field":
                name += seen[1]
            elif seen[0] == "value":
                value += seen[1]
            elif name.lower() in headers:
                raise Malformed("tokens.no_form")
            else:
                headers[name.lower()], name, value = value, b"", b""
        return headers

    def _data(self) -> Iterator[bytes]:
        while (seen := self._next())[0] == "data":
            yield seen[1]
