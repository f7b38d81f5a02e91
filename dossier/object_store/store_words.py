"""What an object store's answers, and what keeps us from it, mean to who keeps the office. Pure; store.py asks."""

from __future__ import annotations

_REFUSED = ("AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess")
_BUSY = ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "500", "502", "503", "504", "Busy")
_ELSEWHERE = (
    "PermanentRedirect", "301", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
)  # fmt: skip


def answered(code: str, message: str, bucket: str) -> str:
    """What a store's own error means to who keeps the office."""
    if code in _REFUSED:
        return f"it refuses this ({code}): give the daemon's key the rights to list, read, write and delete there"
    if code == "NoSuchBucket":
        return f"there is no bucket {bucket}: make it, or correct paths in config/settings.yaml"
    if code in ("InvalidAccessKeyId", "InvalidToken", "ExpiredToken"):
        return f"it does not know the access key, or not any more ({code}): see docs/object-storage.md, keys"
    if code == "SignatureDoesNotMatch":
        return "the secret key does not fit the access key, or store.region is wrong"
    if code == "RequestTimeTooSkewed":
        return "this machine's clock and the store's differ too much: set the clock"
    if code in ("BadDigest", "InvalidDigest"):
        return "what arrived there is not what was sent; it is sent again"
    if code in _ELSEWHERE:
        return f"the bucket lies in another region ({code}): give it as store.region, or correct store.endpoint"
    if code in _BUSY:
        return f"it is overloaded or out of order ({code}); it is tried again"
    return f"it answers {code}: {message}"


def unreached(error: Exception) -> str:
    """What the way to a store, or the keys for it, lack."""
    name, text = type(error).__name__, str(error)
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return (
            "there are no keys for it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the daemon, or store.credentials_file"
        )
    if name in ("ConnectTimeoutError", "ReadTimeoutError"):
        return "it does not answer in time; it is tried again"
    if name == "SSLError":
        return f"its certificate can't be trusted: {text}"
    if name in ("IncompleteReadError", "ResponseStreamingError", "ConnectionClosedError"):
        return "the connection to it broke off; it is tried again"
    return f"it can't be reached ({text}); it is tried again"
