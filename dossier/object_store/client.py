"""The connection to an object store: its client, made once, and what the store's answers mean.

boto3 is an extra (`s3`), imported when first needed. Keys come from the environment or a file,
never from the settings.
"""

from __future__ import annotations

import errno
import threading
from typing import Any

from dossier.office.office import Office
from dossier.text import system
from dossier.text.sentences import Sentence, sentence

WORKERS = 8
"""Requests at once: what is waited for is the way to the store and back."""


CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 20, 3


HURRIED = (3, 10, 2)
"""The same while a transaction of the database is open: others wait (database.BUSY_SECONDS)."""


class StoreFailed(OSError):
    """The store can't be reached, refuses, or breaks its word: what is wrong, and what to do."""

    def __str__(self) -> str:
        return f"{self.filename}: {self.strerror}"


def require() -> None:
    try:
        import boto3  # noqa: F401
    except ImportError:
        raise StoreFailed(errno.ENOSYS, sentence("object_store.no_library"), "s3") from None


_clients: dict[object, object] = {}


_lock = threading.Lock()


def client_of(office: Office, times: tuple[int, int, int]) -> object:
    """The settings' client, made once: that takes long. Changed credentials make a new one."""
    settings = office.settings.store
    path = office.root / settings.credentials_file if settings.credentials_file is not None else None
    try:
        changed = path.stat().st_mtime_ns if path is not None else None
    except OSError as error:
        raise StoreFailed(error.errno, sentence("object_store.keys_unreadable", why=system.why(error)), str(path)) from error
    key = (settings.endpoint, settings.region, settings.path_style, path, changed, times)
    with _lock:
        if key not in _clients:
            _clients[key] = _new_client(office, *times)
        return _clients[key]


def _new_client(office: Office, connect_seconds: int, read_seconds: int, tries: int, signature: object = "s3v4") -> object:
    require()
    import boto3
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    settings = office.settings.store
    own = botocore.session.get_session()
    if settings.credentials_file is not None:
        own.set_config_variable("credentials_file", str(office.root / settings.credentials_file))
        own.get_component("credential_provider").remove("env")
    config = Config(
        connect_timeout=connect_seconds, read_timeout=read_seconds, max_pool_connections=2 * WORKERS,
        retries={"mode": "standard", "total_max_attempts": tries}, signature_version=signature,
        s3={"addressing_style": "path" if settings.path_style else "auto"},
        # Newer checksums in trailers, which many stores that are not Amazon's don't know. MD5 and
        # our own hashes do.
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip
    try:
        return boto3.Session(botocore_session=own).client(
            "s3", endpoint_url=settings.endpoint, region_name=settings.region or own.get_config_variable("region") or "us-east-1",
            config=config,
        )  # fmt: skip
    except (BotoCoreError, ValueError) as error:
        raise StoreFailed(
            errno.EINVAL, sentence("object_store.bad_settings", why=str(error)), settings.endpoint or "s3"
        ) from error


def anonymous(office: Office) -> Any:
    """A client without keys: what anybody can do."""
    require()
    from botocore import UNSIGNED

    return _new_client(office, 5, 5, 1, UNSIGNED)


_ANSWERS = {
    "refused": ("AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess"),
    "no_bucket": ("NoSuchBucket",),
    "unknown_key": ("InvalidAccessKeyId", "InvalidToken", "ExpiredToken"),
    "wrong_secret": ("SignatureDoesNotMatch",),
    "clocks_differ": ("RequestTimeTooSkewed",),
    "arrived_otherwise": ("BadDigest", "InvalidDigest"),
    "elsewhere": (
        "PermanentRedirect", "301", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
    ),
    "busy": ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "500", "502", "503", "504", "Busy"),
}  # fmt: skip
"""What is told of a store's own errors → their codes."""

_ON_THE_WAY = {
    "no_keys": ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
    "no_answer": ("ConnectTimeoutError", "ReadTimeoutError"),
    "no_trust": ("SSLError",),
    "broke_off": ("IncompleteReadError", "ResponseStreamingError", "ConnectionClosedError"),
}
"""What is told of the library's errors → their names."""


def answered(code: str, message: str, bucket: str) -> Sentence:
    """What a store's own error means to whoever keeps the office."""
    meant = next((meant for meant, codes in _ANSWERS.items() if code in codes), "answers")
    return sentence(f"object_store.{meant}", code=code, message=message, bucket=bucket)


def unreached(error: Exception) -> Sentence:
    """What the way to a store, or the keys for it, lack."""
    meant = next((meant for meant, names in _ON_THE_WAY.items() if type(error).__name__ in names), "unreached")
    return sentence(f"object_store.{meant}", why=str(error))
