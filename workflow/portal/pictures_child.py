"""The process that draws pages, for pictures.py: whatever a file does to it, nobody minds.

It gets a file's descriptor and a request over its standard input (a socket): the kind of file, a
byte; alone, a small picture of the first page is wanted, else [page from 0, width in pixels, [words
to mark]] follows as JSON. Each file is drawn by a fork of its own, which ends with it: what a
hostile file may make of that process never meets another file. The fork can open no file or socket
(its limit of descriptors is nought), start no process, write no file, and has so much memory and
time; then it is killed. This process itself reads no more of a file's making than a length and at
most PAGE_BYTES, which it passes on.

An answer is a length and a WebP picture; length 0: there is none. Behind the picture of a page that
was asked for by its number stand two numbers (TAIL): how many pages the file has, and how often the
words were found on this one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import time

import pi_heif
import pypdfium2
from PIL import AvifImagePlugin, Image, ImageChops, ImageDraw, ImageOps
from pypdfium2 import raw

from dossier.workers.confined import threads_only

WIDTH, HEIGHT = 176, 248
"""Pixels of a picture, at most; shown at half of that, so it is sharp on dense screens."""

PICTURE_BYTES = 64 * 1024
"""No small picture is larger; one of this size is 2 to 8 kB."""

PAGE_BYTES = 4 * 1024 * 1024
"""No picture of a page is larger; one to be read is some 100 kB, a large scan 1 MB."""

TAIL = struct.Struct(">HH")
"""Pages of the file, and how often words were found on this one."""

MOST_PAGES = 65_535

REQUEST_BYTES = 8192

MAX_BYTES = 256 * 1024 * 1024
"""A larger file isn't drawn."""

MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space. Python and the libraries take 200 MB of it, the file up to MAX_BYTES."""

CPU_SECONDS, WALL_SECONDS = 3, 10.0
"""A picture takes some milliseconds. Who can't do it in this has a reason."""

MAX_PIXELS = 120_000_000
"""A scan of A3 at 600 dots per inch is 70 million."""

PDF, IMAGE, PHOTO = b"P", b"I", b"H"
"""PHOTO: HEIC, decoded in a thread of its own. Its fork may start threads, and no process."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
pi_heif.register_heif_opener()
pi_heif.options.DECODE_THREADS = 1

Box = tuple[int, int]


def of_pdf(content: mmap.mmap, number: int, box: Box, words: list[str]) -> tuple[Image.Image | None, int, int]:
    """A page on white paper, with what is filled in and words marked; how many pages, and how often
    words were found."""
    document = pypdfium2.PdfDocument((ctypes.c_ubyte * len(content)).from_buffer(content))
    if not 0 <= number < len(document):
        return None, len(document), 0
    if raw.FPDF_GetFormType(document) != raw.FORMTYPE_NONE:
        document.init_forms()  # what is filled in may be drawn by nobody yet
    page = document[number]
    if raw.FPDFPage_GetAnnotCount(page):
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        page.close()  # it is seen when the page is loaded again
        page = document[number]
    width, height = page.get_size()
    scale = min(box[0] / max(width, 1), box[1] / max(height, 1))
    image: Image.Image = page.render(scale=min(scale, 4.0), may_draw_forms=False).to_pil().convert("RGB")
    return image, len(document), mark(image, page, words) if words else 0


def mark(image: Image.Image, page: pypdfium2.PdfPage, words: list[str]) -> int:
    """Mark each place of these words, as with a yellow pen; how many places there are."""
    text, found = page.get_textpage(), 0
    for word in words:
        search = text.search(word)
        while (place := search.get_next()) is not None:
            found += 1
            for number in range(text.count_rects(*place)):
                left, bottom, right, top = text.get_rect(number)
                corners = [_on_image(image, page, x, y) for x, y in ((left, top), (right, bottom))]
                xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
                spot = (max(0, xs[0] - 3), max(0, ys[0] - 3), min(image.width, xs[1] + 3), min(image.height, ys[1] + 3))
                if spot[0] < spot[2] and spot[1] < spot[3]:
                    piece = image.crop(spot)
                    image.paste(ImageChops.multiply(piece, Image.new("RGB", piece.size, "#ffe08a")), spot[:2])
                    ImageDraw.Draw(image).rectangle(spot, outline="#a3262a", width=2)
    return found


def _on_image(image: Image.Image, page: pypdfium2.PdfPage, x: float, y: float) -> tuple[int, int]:
    """Where a point of the page is on its picture, also of a page that is turned or cropped."""
    across, down = ctypes.c_int(), ctypes.c_int()
    raw.FPDF_PageToDevice(page, 0, 0, image.width, image.height, 0, x, y, across, down)
    return across.value, down.value


def of_image(content: mmap.mmap, number: int, box: Box) -> tuple[Image.Image | None, int]:
    """The picture, turned as its camera says, on white where transparent; how many there are."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    image: Image.Image = Image.open(content, formats=(*FORMATS, "HEIF"))  # type: ignore[arg-type]  # a mapping reads as a file does
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if not 0 <= number < count:
        return None, count
    image.seek(number)
    if image.width * image.height > MAX_PIXELS:
        raise ValueError("too many pixels")
    twice = (box[0] * 2, box[1] * 2)
    image.draft("RGB", twice)  # a JPEG is decoded small at once
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGBA")
    elif image.mode.startswith("I"):  # 65,536 greys
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    image.thumbnail(twice, Image.Resampling.BOX)
    image = ImageOps.exif_transpose(image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image), count


def draw(request: bytes, content: mmap.mmap) -> bytes:
    """The picture as WebP; empty if there is none. Raises whatever the libraries raise."""
    number, width, words = json.loads(request[1:]) if request[1:] else (0, WIDTH, [])
    box = (width, 2 * width) if request[1:] else (WIDTH, HEIGHT)
    found = 0
    if request[:1] == PDF:
        image, count, found = of_pdf(content, number, box, words)
    else:
        image, count = of_image(content, number, box)
    if image is None:
        return b""
    image = image.convert("RGB")
    image.thumbnail(box, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=70, method=4 if box == (WIDTH, HEIGHT) else 2)
    return stream.getvalue() + (TAIL.pack(min(count, MOST_PAGES), min(found, MOST_PAGES)) if request[1:] else b"")


def limit(kind_of_file: bytes) -> None:
    """What a fork may never do. What it has open stays open."""
    if kind_of_file == PHOTO:
        threads_only()
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 0), *([] if kind_of_file == PHOTO else [(resource.RLIMIT_NPROC, 0)]),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))


def in_fork(request: bytes, descriptor: int) -> bytes:
    """The picture, drawn by a fork; empty if that died, was too slow, or answered too much."""
    size, most = os.fstat(descriptor).st_size, PAGE_BYTES if request[1:] else PICTURE_BYTES
    if not 0 < size <= MAX_BYTES:
        return b""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(0)  # the wire: later files come over it
            content = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)  # needs a descriptor of its own
            limit(request[:1])
            _write(writing, draw(request, content)[: most + 1])
        finally:
            os._exit(0)
    os.close(writing)
    picture = b""
    try:
        end = time.monotonic() + WALL_SECONDS
        while len(picture) <= most and select.select([reading], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = os.read(reading, most + 1)
            if not piece:
                break
            picture += piece
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    is_whole = len(picture) <= most and picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"
    return picture if is_whole and not os.WIFSIGNALED(status) else b""


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def warm_up() -> None:
    """Draw one of each format: libraries load parts when first needed, and a fork can't."""
    for name in (*FORMATS, "PDF"):
        kind, stream = PDF if name == "PDF" else IMAGE, io.BytesIO()
        Image.new("RGB", (2, 2)).save(stream, name)
        with mmap.mmap(-1, len(stream.getvalue())) as content:
            content.write(stream.getvalue())
            content.seek(0)
            draw(kind, content)
            draw(kind + b'[0, 4, ["word"]]', content)


def main() -> None:
    os.nice(10)
    warm_up()
    wire = socket.socket(fileno=0)
    gc.freeze()
    while True:
        request, descriptors, _, _ = socket.recv_fds(wire, REQUEST_BYTES, 1)
        if not request or not descriptors:
            return
        picture = in_fork(request, descriptors[0])
        os.close(descriptors[0])
        wire.sendall(struct.pack(">I", len(picture)) + picture)


if __name__ == "__main__":
    main()
