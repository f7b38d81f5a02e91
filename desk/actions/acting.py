"""Who acts: the person whose command, session or token it is.

Every face asks here, and gives the answer to each action.

What this person may do is asked by the action itself, at the moment it is done
(dossier/office/people.py).
"""

from __future__ import annotations

from dossier.office import people
from dossier.office.office import Office
from dossier.office.people import Actor
from dossier.office.terms import Language
from dossier.text.refusals import Forbidden
from dossier.text.sentences import Sentence, sentence


def doing(office: Office, named: str | None) -> Actor:
    """Who changes something by a command: `named` (--as), else whose os_user runs it.

    Raises Refusal.
    """
    return people.acting(office, named)


def reading(office: Office, named: str | None) -> Actor:
    """Who reads by a command: as `doing`, or the operating system's user. Raises Refusal."""
    return people.reader(office, named)


def told_nothing(office: Office, who: Actor) -> Sentence | None:
    """Why this reader finds nothing, whatever there is; None for anybody who is somebody here."""
    behind = who.code if who.behind is None else who.behind
    if not behind.startswith(people.OS) or people.readable_clients(office, behind) != frozenset():
        return None
    return sentence("people.told_nothing", user=behind.removeprefix(people.OS))


def reading_all(office: Office, named: str | None) -> Actor:
    """As `reading`, for what is about the whole office.

    Raises Forbidden for whoever may not know of every client.
    """
    who = people.reader(office, named)
    if people.readable(office, who).clients is not None:
        raise Forbidden("people.not_of_all", staff=who.code)
    return who


def managing(office: Office, named: str | None) -> Actor:
    """Who changes config/: an admin, or whoever runs the office's daemon. Raises Refusal."""
    return people.managing(office, named)


def own_language(office: Office, named: str | None) -> Language | None:
    """The language that staff.yaml gives the person who runs this command. Raises Refusal."""
    person = office.staff.get(people.reader(office, named).code)
    return person.language if person else None


def need_admin(office: Office, actor: Actor) -> None:
    """Raise Forbidden for whoever is no admin."""
    if not people.is_admin(office, actor.code):
        raise Forbidden("desk.admins_only")


def is_last_admin(office: Office, actor: Actor) -> bool:
    """True if nobody else manages the office."""
    return people.admins(office) == [actor.code]
