"""Which files make one drop: names in, drops out. Pure.

The rules are the contract's, section 3, "Which files belong to a sidecar". A name that was asked
for fits a name on disk after Unicode normalisation, and regardless of case where only one file
fits. Nothing is guessed: what two sidecars claim, and what could be two files, is refused. What
looks like a copy of a sidecar belongs to nothing, unless a list names it. Every name that comes in
goes out once: as a candidate's sidecar, among a candidate's files, or loose. Whether files are
whole is settling.py's business; what is in them, intake.py's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dossier.text.names import fold, is_sidecar, nfc, printable, stem
from dossier.text.sentences import Sentence, plain, sentence
from dossier.text.yamltext import Fault

FOLDER_SIDECARS = ("item.yaml", "item.yml")

NAMED_MAX = 3
"""So many others are named in one message; the rest is a number."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a readable sidecar asks for."""

    explicit: tuple[str, ...] | None
    """The names under `attachments`, or None without the key: then files named as the sidecar."""
    needs_files: bool = True
    """False: with nothing listed and nothing there it is taken (an amendment of other keys)."""
    mentioned: tuple[str, ...] = ()
    """Names on disk within a sidecar that can't be read to its end, refused with it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sidecar with what it speaks for."""

    sidecar: str
    """Its name on disk; `item.yaml` in a folder drop."""
    files: tuple[str, ...]
    """Names on disk that go along with the sidecar. A file that two claim goes with the first."""
    matched: Mapping[str, str]
    """Name as asked for (as on disk, when implied) → name on disk."""
    missing: tuple[str, ...]
    """Asked for, and not there."""
    faults: tuple[Fault, ...]
    waits: bool
    """Nothing listed and nothing there yet; or another that may claim the same is not read."""
    rivals: frozenset[str] = frozenset()
    """All names on disk of the drops in conflict with it, and its own. They are judged at the same
    time: were one refused and moved away first, the other would look good."""
    implied: frozenset[str] = frozenset()
    """Of `files`: those that no list names."""
    copies: tuple[str, ...] = ()
    """What would be implied, too, if it weren't the copy of a sidecar."""


@dataclass(frozen=True, slots=True)
class Pairing:
    candidates: tuple[Candidate, ...]
    loose: tuple[str, ...]
    """Files that no sidecar claims."""


@dataclass(slots=True)
class _Draft:
    """A candidate in the making."""

    name: str
    claim: Claim | None
    matched: dict[str, str] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    faults: list[Sentence] = field(default_factory=list)
    contested: bool = False

    @property
    def implied(self) -> bool:
        return self.claim is None or self.claim.explicit is None

    def candidate(self, rivals: frozenset[str] = frozenset()) -> Candidate:
        needs = self.claim is None or self.claim.needs_files
        waits = self.claim is None or self.contested or (self.implied and needs and not self.claimed)
        faults = tuple(Fault(1, message) for message in dict.fromkeys(self.faults))
        files, implied = tuple(sorted(self.files)), frozenset(self.claimed if self.implied else ())
        return Candidate(
            self.name, files, self.matched, tuple(self.missing), faults, waits, rivals, implied, tuple(sorted(self.copies))
        )


class _Index:
    """The names of one folder, findable as a person would call them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(set(names))
        self.by_nfc: dict[str, list[str]] = defaultdict(list)
        self.by_fold: dict[str, list[str]] = defaultdict(list)
        for name in self.names:
            self.by_nfc[nfc(name)].append(name)
            self.by_fold[fold(name)].append(name)

    def fitting(self, asked: str) -> list[str]:
        """Every name that `asked` may mean: an exact one before any that differ in case."""
        return self.by_nfc.get(nfc(asked)) or self.by_fold.get(fold(asked)) or []


def pair(names: Iterable[str], claims: Mapping[str, Claim], copied: Collection[str] = ()) -> Pairing:
    """Pair the plain files of a client's inbox folder.

    `claims`: by sidecar's name, of those that were read. `copied`: what looks like the copy of a
    sidecar.

    A sidecar that is not in `claims` is still being written: it may claim what is named as it is,
    and is a candidate that waits, as does a sidecar that it may be in conflict with.
    """
    index = _Index(names)
    drafts = {name: _Draft(name, claims.get(name)) for name in index.names if is_sidecar(name)}
    for draft in drafts.values():
        _match_listed(draft, index)
    attached, tangled = _attached_sidecars(drafts)
    speaking = {name: draft for name, draft in drafts.items() if name not in attached}
    for draft in speaking.values():
        draft.claimed.difference_update([name for name in draft.claimed if name in speaking])
    _match_implied(speaking, index, copied)

    groups = _Groups()
    _refuse_tangled(speaking, tangled, groups)
    _refuse_twins(speaking, groups)
    owned = _share_out(speaking, groups)
    rivals = groups.names(speaking)
    candidates = tuple(draft.candidate(rivals.get(name, frozenset())) for name, draft in speaking.items())
    return Pairing(candidates, tuple(name for name in index.names if name not in owned and name not in speaking))


def pair_folder(names: Iterable[str], card: str, claim: Claim | None, copied: Collection[str] = ()) -> Candidate:
    """The drop of a folder with the sidecar `card`. `claim`: None while that is being written.

    What is in the folder and not listed, when something is listed, is no part of the drop, and
    neither are `copied`: what looks like copies of the sidecar.
    """
    index = _Index(names)
    cards = sorted({card, *(name for name in index.names if name.lower() in FOLDER_SIDECARS)} & set(index.names))
    draft = _Draft(card, claim)
    if len(cards) > 1:
        draft.faults.append(sentence("inbox.two_cards", cards=_several(cards)))
    _match_listed(draft, index)
    if draft.implied:
        others = [name for name in index.names if name not in cards and name not in copied]
        draft.copies = [name for name in index.names if name not in cards and name in copied]
        draft.matched = {name: name for name in others}
        draft.claimed.update(others)
        folded: dict[str, list[str]] = defaultdict(list)
        for name in others:
            folded[fold(name)].append(name)
        draft.faults += [_one_name(same) for same in folded.values() if len(same) > 1]
    draft.files = sorted((draft.claimed | set(cards)) - {draft.name})
    return draft.candidate()


def _several(names: Sequence[str]) -> Sentence:
    *others, last = [f"`{printable(name)}`" for name in names[:NAMED_MAX]]
    if len(names) > NAMED_MAX:
        return sentence("inbox.names_and_more", names=", ".join([*others, last]), count=len(names) - NAMED_MAX)
    return sentence("inbox.names", names=", ".join(others), last=last) if others else plain(last)


def _one_name(names: Sequence[str]) -> Sentence:
    return sentence("inbox.one_name", names=_several(names))


def _match_listed(draft: _Draft, index: _Index) -> None:
    """Find what a sidecar lists."""
    found: dict[str, str] = {}
    for asked in draft.claim.explicit or () if draft.claim else ():
        fitting = index.fitting(asked)
        draft.claimed.update(fitting)
        if not fitting:
            draft.missing.append(asked)
        elif len(fitting) > 1:
            draft.faults.append(sentence("inbox.may_be", file=printable(asked), names=_several(fitting)))
        elif fitting[0] == draft.name:
            draft.faults.append(sentence("inbox.lists_itself", file=printable(asked)))
        elif nfc(found.setdefault(fitting[0], asked)) != nfc(asked):
            draft.faults.append(sentence("inbox.same_file", file=printable(found[fitting[0]]), other=printable(asked)))
        else:
            draft.matched[asked] = fitting[0]
    draft.claimed.discard(draft.name)


def _attached_sidecars(drafts: Mapping[str, _Draft]) -> tuple[set[str], dict[str, list[str]]]:
    """(sidecars' names that one lists, sidecars that list each other → by whom).

    What is listed by a sidecar is an attachment, and what an attachment lists counts for nothing.
    """
    lists = {name: sorted(other for other in draft.claimed if other in drafts) for name, draft in drafts.items()}
    listed_by: dict[str, set[str]] = {name: set() for name in drafts}
    for name, others in lists.items():
        for other in others:
            listed_by[other].add(name)
    attached: set[str] = set()
    speaking = [name for name, by in listed_by.items() if not by]
    decided = set(speaking)
    for lister in speaking:  # grows while it is walked
        for other in lists[lister]:
            if other in decided:
                continue
            attached.add(other)
            decided.add(other)
            for freed in lists[other]:
                listed_by[freed].discard(other)
                if not listed_by[freed] and freed not in decided:
                    decided.add(freed)
                    speaking.append(freed)
    return attached, {name: sorted(by) for name, by in listed_by.items() if name not in decided}


def _match_implied(speaking: Mapping[str, _Draft], index: _Index, copied: Collection[str]) -> None:
    """Find `NAME.*` for sidecars that list nothing; `report.pdf.yaml` before `report.yaml`."""
    by_stem: dict[str, list[_Draft]] = defaultdict(list)
    for draft in speaking.values():
        if draft.implied:
            by_stem[fold(stem(draft.name))].append(draft)
    if not by_stem:
        return
    for folded, names in index.by_fold.items():
        names = [name for name in names if not is_sidecar(name)]
        if not names:
            continue
        takers = by_stem.get(folded) or [
            draft for at, character in enumerate(folded) if character == "." for draft in by_stem.get(folded[:at], ())
        ]
        for draft in takers:
            draft.copies += [name for name in names if name in copied]
        names = [name for name in names if name not in copied]
        for draft in takers if names else ():
            begin = nfc(stem(draft.name))
            fitting = names if len(names) == 1 else [name for name in names if nfc(name).startswith(begin)] or names
            draft.claimed.update(fitting)
            draft.matched.update((name, name) for name in fitting)
            if len(fitting) > 1:
                draft.faults.append(_one_name(fitting))


class _Groups:
    """Sidecars that are in conflict, directly or through others."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def of(self, name: str) -> str:
        while (parent := self.parent.setdefault(name, name)) != name:
            self.parent[name] = self.parent[parent]
            name = parent
        return name

    def join(self, names: Iterable[str]) -> None:
        roots = [self.of(name) for name in names]
        for root in roots[1:]:
            self.parent[self.of(root)] = self.of(roots[0])

    def names(self, drafts: Mapping[str, _Draft]) -> dict[str, frozenset[str]]:
        """Sidecar → every name of its group's drops; one set for a group."""
        members: dict[str, set[str]] = defaultdict(set)
        for name in self.parent:
            members[self.of(name)] |= {name, *drafts[name].claimed}
        sets = {root: frozenset(found) for root, found in members.items()}
        return {name: sets[self.of(name)] for name in self.parent}


def _refuse_tangled(speaking: Mapping[str, _Draft], tangled: Mapping[str, Sequence[str]], groups: _Groups) -> None:
    for name, listers in tangled.items():
        speaking[name].faults.append(sentence("inbox.tangled", names=_several(listers)))
        groups.join([name, *listers])


def _refuse_twins(speaking: Mapping[str, _Draft], groups: _Groups) -> None:
    """`report.yaml` beside `report.yml`: both would speak for the same files."""
    twins: dict[str, list[str]] = defaultdict(list)
    for name in speaking:
        twins[nfc(stem(name))].append(name)
    for same in twins.values():
        if len(same) > 1:
            groups.join(same)
            for name in same:
                speaking[name].faults.append(sentence("inbox.same_name", names=_others(same, name)))


def _others(names: Sequence[str], name: str) -> Sentence:
    # Enough to name, without a copy of a long list for each of its members.
    return _several([other for other in names[: NAMED_MAX + 1] if other != name][:NAMED_MAX])


def _share_out(speaking: Mapping[str, _Draft], groups: _Groups) -> set[str]:
    """Give each file to one sidecar, and tell those that claim the same. Returns all claimed."""
    claimants: dict[str, list[str]] = defaultdict(list)
    for name, draft in speaking.items():
        for file in draft.claimed:
            claimants[file].append(name)
    for name, draft in speaking.items():
        for file in draft.claim.mentioned if draft.claim else ():
            if file not in claimants and file not in speaking:
                claimants[file] = [name]
    for file, by in claimants.items():
        read = [name for name in by if speaking[name].claim is not None]
        speaking[(read or by)[0]].files.append(file)
        if len(read) < len(by):
            for name in read:
                speaking[name].contested = True
        if len(read) > 1:
            groups.join(read)
            for name in read:
                speaking[name].faults.append(sentence("inbox.claimed_twice", file=printable(file), names=_others(read, name)))
    return set(claimants)
