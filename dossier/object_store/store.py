"""An S3-compatible object store, as far as the vault and the portal need one.

When `upload`, `put` or `finish` has returned, the store has answered that it holds the object, and
that it is what was sent: each request carries its MD5 (RFC 1864), which the store must check, and
the answer's ETag is compared where it is one. An object appears whole or not at all, and who reads
after that sees it: S3 and stores like it say so. A large file goes in parts (a multipart upload),
unseen until it is finished; so `begin` and `finish` are to a store what writing beside and renaming
are to a folder. Killed in between, the parts lie unseen until `sweep_uploads`.

Errors name the object as `s3://bucket/name`: StoreFailed says in plain words what is wrong with the
store, FileNotFoundError that there is no such object. The library tries each request a few
times.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dossier.files import files
from dossier.files.beneath import Place
from dossier.object_store.client import (
    CONNECT_SECONDS,
    HURRIED,
    READ_SECONDS,
    TRIES,
    WORKERS,
    StoreFailed,
    answered,
    client_of,
    require,
    unreached,
)
from dossier.office.office import Office
from dossier.text.sentences import sentence

PART = 8 * 1024 * 1024
"""Bytes of a part: over the 5 MiB that S3 asks for, and 10,000 of them, the most, are 80 GiB."""


T = TypeVar("T")
R = TypeVar("R")


class StoredObject(NamedTuple):
    """An object as listed. `name`: behind the prefix; `since`: seconds since 1970, there."""

    name: str
    size: int
    since: float


class ObjectHead(NamedTuple):
    """What the store tells of an object; `now` is its clock then, `etag` is without quotes."""

    size: int
    since: float
    now: float
    etag: str


@dataclass(slots=True)
class Upload:
    """A file whose parts are on the store, and nobody sees them yet."""

    name: str
    key: str
    id: str
    parts: list[dict[str, object]]
    etag: str
    size: int


class ObjectStore:
    """The objects behind `url` (s3://bucket or s3://bucket/prefix). Any thread may use it."""

    def __init__(self, office: Office, url: str, is_hurried: bool = False) -> None:
        self.url = url
        self.bucket, _, prefix = url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self.office = office
        self._times = HURRIED if is_hurried else (CONNECT_SECONDS, READ_SECONDS, TRIES)

    @property
    def _client(self) -> Any:
        return client_of(self.office, self._times)

    def key_of(self, name: str) -> str:
        return self._prefix + name

    def address_of(self, name: str = "") -> str:
        """The object's whole address, for people."""
        return f"{self.url}/{name}" if name else self.url

    # What is read

    def head(self, name: str, is_bucket_sure: bool = False) -> ObjectHead | None:
        """What the store says of an object; None: there is none (or, `is_bucket_sure`, no
        bucket)."""
        try:
            with self._asking(name):
                told = self._client.head_object(Bucket=self.bucket, Key=self._prefix + name)
        except FileNotFoundError:
            if not is_bucket_sure:
                self.look()  # a HEAD doesn't tell an object that lacks from a bucket that does
            return None
        return ObjectHead(told["ContentLength"], told["LastModified"].timestamp(), _now_of(told), told["ETag"].strip('"'))

    def look(self) -> None:
        """See that the bucket is there and may be used. Raises StoreFailed."""
        next(iter(self.entries("", limit=1)), None)

    def entries(self, prefix: str, limit: int = 1000) -> Iterator[StoredObject]:
        """All objects whose names begin so, in order, without folders' markers; `limit` a request.

        A store that does not list each once and in order would never come to an end:
        StoreFailed.
        """
        last = ""
        for told in self._pages(prefix, MaxKeys=limit):
            for one in told.get("Contents", ()):
                if one["Key"] <= last:
                    raise StoreFailed(errno.EIO, sentence("object_store.lists_in_disorder"), self.address_of(prefix))
                last = one["Key"]
                name = last.removeprefix(self._prefix)
                if name and not (name.endswith("/") and one["Size"] == 0):
                    yield StoredObject(name, one["Size"], one["LastModified"].timestamp())

    def tops(self) -> list[str]:
        """What names begin with, up to the first slash: `acme-bv/`, or a whole name."""
        found: list[str] = []
        for told in self._pages("", Delimiter="/"):
            found += [one["Prefix"] for one in told.get("CommonPrefixes", ())] + [one["Key"] for one in told.get("Contents", ())]
        return [name for one in found if (name := one.removeprefix(self._prefix))]

    def _pages(self, prefix: str, **how: object) -> Iterator[dict[str, Any]]:
        """A listing of what begins so, an answer of the store at a time, as it is asked for."""
        asked: dict[str, object] = {"Bucket": self.bucket, "Prefix": self._prefix + prefix, **how}
        while True:
            with self._asking(prefix):
                told = self._client.list_objects_v2(**asked)
            yield told
            if not told.get("IsTruncated"):
                return
            token = told.get("NextContinuationToken")
            if not token or token == asked.get("ContinuationToken"):
                raise StoreFailed(errno.EIO, sentence("object_store.no_end"), self.address_of())
            asked["ContinuationToken"] = token

    def stream(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """An object's bytes from `start` to before `end`. The store is asked at the first piece."""
        wanted = {} if (start, end) == (0, None) else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        with self._asking(name):
            body = self._client.get_object(Bucket=self.bucket, Key=self._prefix + name, **wanted)["Body"]
        with contextlib.closing(body):
            while True:
                with self._asking(name):
                    piece = body.read(files.CHUNK)
                if not piece:
                    return
                if files.stopping.is_set():
                    raise files.Interrupted
                yield piece

    def download(self, name: str, target: Place, mode: int = 0o644) -> str:
        """Write an object to the new file `target`, not synced; its SHA-256. On errors no file."""
        digest = hashlib.sha256()
        with files.new_file(target, mode) as writing, open(writing, "wb", closefd=False) as stream:
            for piece in self.stream(name):
                digest.update(piece)
                stream.write(piece)
        return digest.hexdigest()

    def digest(self, name: str) -> str:
        """SHA-256 (hex) of an object, all of it read. Raises FileNotFoundError."""
        digest = hashlib.sha256()
        for piece in self.stream(name):
            digest.update(piece)
        return digest.hexdigest()

    # What is written

    def put(self, name: str, data: bytes, **headers: str) -> None:
        """Put a small object; the store has it then. `headers`: ContentType and the like."""
        md5, body = _with_md5(data)
        with self._asking(name):
            told = self._client.put_object(Bucket=self.bucket, Key=self._prefix + name, **body, **headers)
        self._compare(name, told, md5.hex())

    def upload(self, name: str, source: Path, sha256: str, **headers: str) -> None:
        """Put a file, in parts if large; the store has it then. files.Changed: another hash."""
        if source.stat().st_size <= PART:
            data = source.read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                raise files.Changed(errno.EAGAIN, sentence("files.changed"), str(source))
            self.put(name, data, **headers)
            return
        upload = self.begin(name, source, sha256, **headers)
        try:
            self.finish(upload)
        except BaseException:
            self.forget(upload)
            raise

    def begin(self, name: str, source: Path | bytes, sha256: str | None = None, **headers: str) -> Upload:
        """Send what is not empty in parts, unseen until `finish`. files.Changed, as `upload`."""
        key = self._prefix + name
        with self._asking(name):
            number = self._client.create_multipart_upload(Bucket=self.bucket, Key=key, **headers)["UploadId"]
        upload = Upload(name, key, number, [], "", len(source) if isinstance(source, bytes) else source.stat().st_size)
        try:
            whole, etags = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as stream:
                while data := stream.read(PART):
                    if files.stopping.is_set():
                        raise files.Interrupted
                    whole.update(data)
                    etags.update(self._send_part(upload, data))
            if sha256 not in (None, whole.hexdigest()):
                raise files.Changed(errno.EAGAIN, sentence("files.changed"), name)
            upload.etag = f"{etags.hexdigest()}-{len(upload.parts)}"
        except BaseException:
            self.forget(upload)
            raise
        return upload

    def _send_part(self, upload: Upload, data: bytes) -> bytes:
        number, (md5, body) = len(upload.parts) + 1, _with_md5(data)
        part = {"Bucket": self.bucket, "Key": upload.key, "UploadId": upload.id, "PartNumber": number}
        with self._asking(upload.name):
            told = self._client.upload_part(**part, **body)
        self._compare(upload.name, told, md5.hex())
        upload.parts.append({"PartNumber": number, "ETag": told["ETag"]})
        return md5

    def finish(self, upload: Upload) -> None:
        """Make an object of what was begun, seen in one step. The store has it then."""
        with self._asking(upload.name):
            told = self._client.complete_multipart_upload(
                Bucket=self.bucket, Key=upload.key, UploadId=upload.id, MultipartUpload={"Parts": upload.parts}
            )
        self._compare(upload.name, told, upload.etag)
        head = self.head(upload.name)
        if head is None or head.size != upload.size:
            raise StoreFailed(errno.EIO, sentence("object_store.not_all"), self.address_of(upload.name))

    def forget(self, upload: Upload) -> None:
        """Throw away what was begun; if that can't be now, `sweep_uploads` does it later."""
        with contextlib.suppress(OSError), self._asking(upload.name):
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=upload.key, UploadId=upload.id)

    def sweep_uploads(self, before: float) -> None:
        """Throw away uploads that were begun before (seconds since 1970) and never finished."""
        with self._asking(""):
            told = self._client.list_multipart_uploads(Bucket=self.bucket, Prefix=self._prefix)
        for one in told.get("Uploads", ()):
            if one["Initiated"].timestamp() < before:
                self.forget(Upload(one["Key"].removeprefix(self._prefix), one["Key"], one["UploadId"], [], "", 0))

    def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone already."""
        with contextlib.suppress(FileNotFoundError), self._asking(name):
            self._client.delete_object(Bucket=self.bucket, Key=self._prefix + name)

    def _compare(self, name: str, told: dict[str, Any], expected: str) -> None:
        """An ETag is the MD5 of what is stored, unless the store encrypts; then the size does."""
        etag = told.get("ETag", "").strip('"')
        is_md5 = len(etag.partition("-")[0]) == 32 and told.get("ServerSideEncryption", "AES256") == "AES256"
        if is_md5 and etag != expected and ("-" in etag) == ("-" in expected):
            raise StoreFailed(errno.EIO, sentence("object_store.holds_otherwise"), self.address_of(name))

    @contextlib.contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Turn what the library raises into an error of ours."""
        require()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in ("NoSuchKey", "404", "NotFound"):
                raise FileNotFoundError(errno.ENOENT, sentence("object_store.no_object"), self.address_of(name)) from error
            message = error.response.get("Error", {}).get("Message", "")
            raise StoreFailed(errno.EIO, answered(code, message, self.bucket), self.address_of(name)) from error
        except BotoCoreError as error:
            raise StoreFailed(errno.EIO, unreached(error), self.url) from error


def _with_md5(data: bytes) -> tuple[bytes, dict[str, object]]:
    """The MD5 of a body, and both as a request has them."""
    md5 = hashlib.md5(data, usedforsecurity=False).digest()
    return md5, {"Body": data, "ContentMD5": base64.b64encode(md5).decode()}


def etag_of(path: Path) -> str:
    """The ETag that an object has which `upload` made of this file."""
    md5s = []
    with open(path, "rb") as stream:
        while data := stream.read(PART):
            md5s.append(hashlib.md5(data, usedforsecurity=False).digest())
    if len(md5s) <= 1:
        return (md5s[0] if md5s else hashlib.md5(usedforsecurity=False).digest()).hex()
    return f"{hashlib.md5(b''.join(md5s), usedforsecurity=False).hexdigest()}-{len(md5s)}"


def at_once(function: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Each value's answer, some at a time. The first error ends it, when what was begun ended."""
    given = list(values)
    if len(given) <= 1:
        return [function(value) for value in given]
    with ThreadPoolExecutor(WORKERS) as pool:
        doing = [pool.submit(function, value) for value in given]
        try:
            return [one.result() for one in doing]
        except BaseException:
            for one in doing:
                one.cancel()
            raise


def _now_of(told: dict[str, Any]) -> float:
    """The store's clock when it answered."""
    given = told.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(given).timestamp() if given else told["LastModified"].timestamp()
