"""The process that draws small pictures of first pages, for pictures.py: whatever a file does to it, nobody minds.

It gets a file's descriptor and kind over its standard input (a socket). Each file is drawn by a fork of its own, which ends
with it: what a hostile file may make of that process never meets another file. The fork can open no file or socket (its
limit of descriptors is nought), start no process, write no file, and has so much memory and time; then it is killed. This
process itself reads no more of a file's making than a length and at most PICTURE_BYTES, which it passes on.

An answer is a length and a WebP picture; length 0: there is none.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import mmap
import os
import resource
import select
import signal
import socket
import struct
import time

import pypdfium2
from PIL import Image, ImageOps

WIDTH, HEIGHT = 176, 248
"""Pixels of a picture, at most; it is shown at half of that, so it is sharp on screens with twice the dots."""

PICTURE_BYTES = 64 * 1024
"""No picture is larger; one of this size is 2 to 8 kB."""

MAX_BYTES = 256 * 1024 * 1024
"""A larger file isn't drawn."""

MEMORY_BYTES = 1024 * 1024 * 1024
"""Address space. Python and the libraries take 200 MB of it, the file up to MAX_BYTES."""

CPU_SECONDS, WALL_SECONDS = 3, 10.0
"""A picture takes some milliseconds. Who can't do it in this has a reason."""

MAX_PIXELS = 120_000_000
"""A scan of A3 at 600 dots per inch is 70 million."""

PDF, IMAGE = b"P", b"I"
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP")


def of_pdf(content: mmap.mmap) -> Image.Image | None:
    """The first page on white paper."""
    document = pypdfium2.PdfDocument((ctypes.c_ubyte * len(content)).from_buffer(content))
    if len(document) == 0:
        return None
    page = document[0]
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1), HEIGHT / max(height, 1))
    image: Image.Image = page.render(scale=min(scale, 4.0), may_draw_forms=False).to_pil()
    return image


def of_image(content: mmap.mmap) -> Image.Image:
    """The picture itself, turned as its camera says, on white where it is transparent."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    image: Image.Image = Image.open(content, formats=FORMATS)  # type: ignore[arg-type]  # a mapping reads as a file does
    if image.width * image.height > MAX_PIXELS:
        raise ValueError("too many pixels")
    image.draft("RGB", (WIDTH * 2, HEIGHT * 2))  # a JPEG is decoded small at once
    if image.mode in ("1", "P", "PA"):
        image = image.convert("RGBA")
    image.thumbnail((WIDTH * 2, HEIGHT * 2), Image.Resampling.BOX)
    image = ImageOps.exif_transpose(image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def draw(kind: bytes, content: mmap.mmap) -> bytes:
    """The picture as WebP; empty if there is none to be had. Raises whatever the libraries raise."""
    image = of_pdf(content) if kind == PDF else of_image(content)
    if image is None:
        return b""
    image = image.convert("RGB")
    image.thumbnail((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=70, method=4)
    return stream.getvalue()


def limit() -> None:
    """What a fork may never do. What it has open stays open."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NPROC, 0), (resource.RLIMIT_NOFILE, 0),
    ):  # fmt: skip
        resource.setrlimit(kind, (most, most))


def in_fork(kind: bytes, descriptor: int) -> bytes:
    """The picture, drawn by a fork; empty if that died, was too slow, or answered too much."""
    size = os.fstat(descriptor).st_size
    if not 0 < size <= MAX_BYTES:
        return b""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(0)  # the wire: later files come over it
            content = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)  # needs a descriptor of its own
            limit()
            os.write(writing, draw(kind, content)[: PICTURE_BYTES + 1])
        finally:
            os._exit(0)
    os.close(writing)
    picture = b""
    try:
        end = time.monotonic() + WALL_SECONDS
        while len(picture) <= PICTURE_BYTES and select.select([reading], [], [], max(0.0, end - time.monotonic()))[0]:
            piece = os.read(reading, PICTURE_BYTES + 1)
            if not piece:
                break
            picture += piece
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    is_whole = len(picture) <= PICTURE_BYTES and picture[:4] == b"RIFF" and picture[8:12] == b"WEBP"
    return picture if is_whole and not os.WIFSIGNALED(status) else b""


def warm_up() -> None:
    """Draw one of each format: the libraries load parts of themselves when they first need them, and a fork can't."""
    for name in FORMATS:
        stream = io.BytesIO()
        Image.new("RGB", (2, 2)).save(stream, name)
        with mmap.mmap(-1, len(stream.getvalue())) as content:
            content.write(stream.getvalue())
            content.seek(0)
            draw(IMAGE, content)


def main() -> None:
    os.nice(10)
    warm_up()
    wire = socket.socket(fileno=0)
    gc.freeze()
    while True:
        kind, descriptors, _, _ = socket.recv_fds(wire, 1, 1)
        if not kind or not descriptors:
            return
        picture = in_fork(kind, descriptors[0])
        os.close(descriptors[0])
        wire.sendall(struct.pack(">I", len(picture)) + picture)


if __name__ == "__main__":
    main()
