"""The cells of workbooks in Excel's binary formats (.xls, .xlsb), read by calamine."""

from __future__ import annotations

from typing import BinaryIO

from workflow.guard.readers.gathering import Gathering, NoText


def read_cells(gathering: Gathering, stream: BinaryIO) -> None:
    """The sheets' names and cells, hidden or not. Raises Enough, Unreadable."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    stream.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(stream)
        for name in book.sheet_names:
            gathering.add(f"{name}\n")
            for row in book.get_sheet_by_name(name).iter_rows():
                cells = [whole(cell) if isinstance(cell, float) else str(cell) for cell in row if cell != ""]
                gathering.add("\t".join(cells) + "\n" if cells else "")
    except PasswordError as error:
        raise NoText("password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise NoText("damaged") from error


def whole(value: float) -> str:
    """A number as it is read: a spreadsheet has no other kind than with a fraction."""
    return str(int(value)) if value.is_integer() else str(value)
