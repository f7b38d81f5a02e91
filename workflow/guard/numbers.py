"""Numbers of the trade, however written: KvK, RSIN and BSN, VAT, IBAN, and others. Pure.

A number alone is found where it stands whole. Written with dots or spaces it could be an amount, or
two columns of a table: then its check digit, the grouping or a label such as `KvK` near it must say
that it is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

LABEL_REACH = 45
"""Characters before a number in which its label is looked for."""

OTHER_MIN = 6
"""Letters and digits of another identifier; a shorter one is in every second document."""

TELLING_MIN = 10
"""So many say enough alone; `Debtor 10023` is searched for with its word."""

Kind = Literal["kvk", "rsin", "vat", "iban", "account", "other"]


@dataclass(frozen=True, slots=True)
class Number:
    """A client's number. `bare`: it may stand without a label."""

    client: str
    kind: Kind
    proven: bool = False
    """Its check digit fits: a RSIN or BSN that is no number by chance."""
    bare: bool = True


_LABEL = re.compile(
    r"kvk|k\.\s?v\.\s?k|koophandel|handelsregister|chamber|\bcoc\b|compan|regist|rsin|fisca|\bbsn\b|sofi|burgerservice|btw|\bvat\b|\bob\b"
    r"|omzetbelasting|loonheffing|aanslag|dossier|identif|\btax\b|\btin\b|client|klant",
    re.IGNORECASE,
)
_ACCOUNT_LABEL = re.compile(r"rekening|\brek\b|\b(?:bank)?account\b|konto|:25:|incasso", re.IGNORECASE)
"""Before the number of an account without its country and bank, as it was before IBAN."""
_LABELLED = re.compile(r"(?:\D*[^A-Z\d]|KVK|RSIN|BSN|)(\d.*)")
"""What follows a label or is alone; letters at the digits are part of it: `DE123456789`."""
_ACCOUNT = re.compile(r"([A-Z]{2}\d{2}[A-Z0-9]{11,30})$")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d")
_MONEY = re.compile(r"(?:€|\beur|\beuro|\$|£)\s*$", re.IGNORECASE)
_GAP = re.compile(r"[\s./_\u00a0\u00b7\u2012-\u2015-]{1,2}")
_LABEL_GAP = re.compile(r"[\s.:#=/_-]{1,4}")
"""Between a label that is part of an identifier and its digits."""
_CURRENCY = re.compile(r"[A-Z]{3}(?![^\W_])")
"""Behind an account in a bank's file: `:25:NL91ABNA0417164300EUR`."""
_GLUED = re.compile(r"(?<![^\W_])(?:kvk|rsin|bsn|btw|vat|sofi)(?:nr|nummer|no|id)?$", re.IGNORECASE)
_COUNTRY = re.compile(r"(?<![^\W_])(?i:btw|vat)?[A-Z]{2}$")
"""What stands before a number without a blank: a label, as in `KvK12345678`, or a country."""
_TAX_SUFFIX = re.compile(r"[.\s]?[A-Z]{1,2}[.\s]?\d{2}(?!\d)")
"""A RSIN in an assessment's number: `0012.34.567.V60`, `001234567B01`, `001234567L01`."""


def numbers_of(client: str, identifier: str) -> list[tuple[str, Number]]:
    """(letters and digits to search for, what they are) of an identifier; none if too short."""
    text = identifier.upper().strip()
    whole = re.sub(r"[^A-Z0-9]", "", text)
    account = _ACCOUNT.search(whole)
    if account and _is_account(account[1]):
        found = [(f"{label}{account[1].lower()}", Number(client, "iban")) for label in ("", "iban")]
        return found + _without_bank(client, account[1])
    if vat := re.search(r"NL(\d{9})B\d\d$", whole):
        return [(f"nl{vat[1]}b", Number(client, "vat")), *_tax(client, vat[1])]
    if payroll := re.search(r"(?<!\d)(\d{9})[BLV]\d\d$", whole):
        return _tax(client, payroll[1])
    told = _LABELLED.fullmatch(text)
    alone = re.sub(r"[^A-Z0-9]", "", told[1]) if told else ""
    if alone.isdigit() and len(alone) == 8:
        return [(alone, Number(client, "kvk")), *_without_zeros(client, alone, "kvk")]
    if alone.isdigit() and len(alone) == 9:
        return [(f"nl{alone}b", Number(client, "vat")), *_tax(client, alone)]
    searched = (alone if len(alone) >= TELLING_MIN else whole).lower()
    return [(searched, Number(client, "other"))] if len(searched) >= OTHER_MIN and sum(map(str.isdigit, searched)) >= 3 else []


def _is_account(number: str) -> bool:
    from stdnum import iban  # takes 0.1 s to load

    return bool(iban.is_valid(number))


def _without_bank(client: str, account: str) -> list[tuple[str, Number]]:
    """A Dutch account as it was before IBAN, and as some files have it still."""
    if not (account.startswith("NL") and account[8:].isdigit()):
        return []
    return [
        (digits, Number(client, "account", bare=False)) for digits in {account[8:], account[8:].lstrip("0")} if len(digits) >= 7
    ]


def _tax(client: str, digits: str) -> list[tuple[str, Number]]:
    from stdnum.nl import bsn

    return [(digits, Number(client, "rsin", proven=bsn.is_valid(digits))), *_without_zeros(client, digits, "rsin")]


def _without_zeros(client: str, digits: str, kind: Kind) -> list[tuple[str, Number]]:
    """A spreadsheet's number has lost its leading zeros."""
    short = digits.lstrip("0")
    return [(short, Number(client, kind, bare=False))] if short != digits and len(short) >= OTHER_MIN else []


def is_number_here(number: Number, text: str, start: int, end: int) -> bool:
    """True if `text[start:end]`, with the number's characters, is it and no part of another."""
    before, after = text[max(0, start - LABEL_REACH) : start], text[end : end + 6]
    if number.kind == "vat":
        return not before[-1:].isalnum() and _gaps_are_small(text[start:end]) and bool(re.match(r"[.\s]?\d{2}(?!\d)", after))
    if not _is_whole(number, before, after):
        return False
    written = text[start:end]
    if number.kind in ("iban", "other"):
        return _gaps_are_small(written, has_label=number.kind == "other")
    if number.kind == "account":
        return _gaps_are_small(written) and _ACCOUNT_LABEL.search(re.split(r"\d{4,}", before)[-1]) is not None
    labelled = bool(_LABEL.search(re.split(r"\d{4,}", before)[-1]))  # with no other number between
    if not number.bare or not _gaps_are_small(written):
        return labelled and _gaps_are_small(written)
    if written.isdigit():
        return labelled or not (_MONEY.search(before) or (number.kind == "kvk" and _DATE.fullmatch(written)))
    if number.kind == "kvk":
        return labelled
    is_amount = bool(re.fullmatch(r"[1-9]\d\d\.\d{3}\.\d{3}", written))
    return labelled or (number.proven and not is_amount) or (written.startswith("0") and not _MONEY.search(before))


def _is_whole(number: Number, before: str, after: str) -> bool:
    may_have_country = number.kind in ("rsin", "other")  # NL001234567, BE0123456789
    if before[-1:].isalnum() and not (_GLUED.search(before) or (may_have_country and _COUNTRY.search(before))):
        return False
    if re.search(r"\d[.,]$", before) or re.match(r"[.,]\d", after):
        return bool(number.kind == "rsin" and _TAX_SUFFIX.match(after))
    if number.kind == "iban" and _CURRENCY.match(after):
        return True
    if after[:1].isalnum():
        return bool(number.kind == "rsin" and _TAX_SUFFIX.match(after))
    return True


def _gaps_are_small(written: str, has_label: bool = False) -> bool:
    """Single dots, spaces or dashes; a tab or an empty line is another cell. `has_label`: what is
    written begins with one, behind which more may stand."""
    if has_label and (found := re.match(r"([^\W\d_]+)([^A-Za-z0-9]+)(?=\d)", written)):
        if not _LABEL_GAP.fullmatch(found[2]) or found[2].count("\n") > 1:
            return False
        written = written[found.end() :]
    return all(_GAP.fullmatch(gap) and "\t" not in gap and gap.count("\n") < 2 for gap in re.findall(r"[^A-Za-z0-9]+", written))
