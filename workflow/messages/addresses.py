"""Mail addresses as the line and the DNS have them. The mail server says if one exists."""

from __future__ import annotations

import unicodedata


def address_of(sender: str) -> str:
    """The address in `Name <address>`."""
    from email.utils import parseaddr  # most commands send nothing

    return parseaddr(sender)[1]


def domain_of(sender: str) -> str:
    """The domain of the address in `Name <address>`, as the DNS has it."""
    return ascii_domain(address_of(sender)).rpartition("@")[2]


def ascii_domain(address: str) -> str:
    """With its domain as the DNS has it: `info@bücher.example` → `info@xn--bcher-kva.example`.

    As IDNA 2008 does (RFC 5891), where `straße` is a name of its own; Python's codec "idna" makes
    it `strasse`, which may be somebody else's.
    """
    local, at, domain = address.rpartition("@")
    labels = unicodedata.normalize("NFKC", domain).lower().split(".")
    return local + at + ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels)
