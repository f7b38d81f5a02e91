"""Text in pictures, by tesseract where an office has it and wants it (`sharing.guard_ocr`).

It is started anew for each page, within the limits of the process that reads (texts_child.py), and
gets and gives everything over pipes. A page that takes too long, or that it can't read, stays a
scan. If it is killed, so is the reading: a fresh reader tries again, and then the file counts as a
finding.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

import pi_heif
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

PAGE_SECONDS = 20.0
"""A page takes one to three."""

DOTS_PER_INCH = 200

PIXELS_MOST = 40_000_000
"""A4 at 600 dots per inch is 35 million."""

PLACES = "/usr/local/bin:/usr/bin:/bin"
"""Where the program is looked for: the process that reads has no PATH."""

WANTED = ("nld", "eng", "deu", "fra")
"""Languages that are used if they are installed."""

pi_heif.register_heif_opener()


def text_of_page(page: PdfPage) -> str:
    """What is written in the pictures of a PDF's page."""
    return _recognised(page.render(scale=DOTS_PER_INCH / 72, grayscale=True).to_pil())


def text_of_picture(content: Any) -> str:
    """What is written in a picture; nothing if it can't be opened."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > PIXELS_MOST:
                return ""
            return _recognised(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, Image.DecompressionBombError, SyntaxError):
        return ""


def _recognised(picture: Image.Image) -> str:
    found = program()
    if found is None:
        return ""
    stream = io.BytesIO()
    picture.convert("L").save(stream, "PPM")
    try:
        done = subprocess.run(
            [found, "stdin", "stdout", "-l", _languages(found)], input=stream.getvalue(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8"}, timeout=PAGE_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ""
    if done.returncode < 0:
        raise RuntimeError("tesseract was ended")
    return done.stdout.decode("utf-8", "replace")


@cache
def program() -> str | None:
    """Where tesseract is; None where it is not installed."""
    return shutil.which("tesseract", path=PLACES)


@cache
def _languages(tesseract: str) -> str:
    """Those of WANTED that are installed."""
    try:
        told = subprocess.run([tesseract, "--list-langs"], capture_output=True, timeout=PAGE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "eng"
    return "+".join(language for language in WANTED if language in told.stdout.decode("utf-8", "replace").split()) or "eng"
