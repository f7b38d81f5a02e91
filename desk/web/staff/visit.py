"""A click of a staff member on the desk, and the pages it is answered with.

Every page is whole HTML that works without script. What all of them have (the frame with the
search, the menu and its counts, who is logged in) is put around them here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from desk.actions import offering
from desk.web.shell.answers import asked_language
from desk.web.shell.drawing import Drawing
from desk.web.shell.face import Face
from desk.web.shell.sending import is_known
from desk.web.shell.statics import Statics
from desk.web.shell.visit import Visit
from desk.web.staff import moments
from desk.web.staff.templating import HERE, templates
from dossier.database.web_tables import DeskSession
from dossier.office import people
from dossier.office.people import Actor
from dossier.office.terms import Language
from dossier.text.refusals import NotFound, Refusal
from dossier.text.sentences import LANGUAGES, Sentence, Words, told
from ingest.sidecar.reading import words_of
from workflow.portal import pages as portal_pages

WORDS: Mapping[str, Words] = {language: words_of(None, language)._replace(form="field") for language in LANGUAGES}
"""Language → how the desk calls a sidecar's keys: as a sidecar in that language does."""


TEXTS = {"description", "explanation", "comment", "reason", "location", "labels", "sidecar", "text"}
"""Fields of forms that hold what somebody thought up."""


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?")
"""A day or a moment in a sentence (dossier/text/clock.py)."""

PEOPLE = {"who", "whom", "seats", "by"}
"""Values of sentences that are codes of staff members."""

ABOUT_PEOPLE, PEOPLE_TOO = {"people", "deciding", "queue"}, {"staff", "behind", "approver", "waits_for"}
"""Catalogues of sentences about who may do what; values of those that are such codes as well."""

_NO_DIGEST = 'data-live=""'
"""Where a page's digest goes (base.html). Nobody can write it: a quotation mark in what people
wrote is `&#34;`."""

_GOAL = re.compile(r"/(?!/|\\|_login|_logout|_oidc)[^\x00-\x20\\]{0,500}")
"""Where a login may lead to: a path of the desk, and no other site."""


@dataclass(frozen=True, slots=True)
class StaffVisit(Visit):
    """A request, and which staff member makes it."""

    face = Face("dossier-desk", lambda office: office.settings.desk)

    easel: Drawing
    """Draws pages of files."""
    session: DeskSession | None = None
    counts: Callable[[StaffVisit], Mapping[str, int]] | None = None
    """What the menu counts, asked when a page is made."""
    uploads: Sequence[tuple[str, Iterable[bytes]]] = ()
    """Files that came with the form: their names, and their bytes piece by piece."""

    @property
    def actor(self) -> Actor:
        """Who does this. Raises NotFound for whoever isn't logged in."""
        if self.session is None:
            raise NotFound("desk.nobody")
        return Actor(self.session.staff, "desk")

    @property
    def language(self) -> Language:
        """The person's, once it is known who that is; else what the browser asks for."""
        if self.session is not None:
            return people.language_of(self.office, self.session.staff)
        return "nl" if asked_language(self.request.headers.get("accept-language", "")) == "nl" else "en"

    def told(self, line: Refusal | Sentence | str) -> str:
        """What is told to this person, in their language; colleagues are called by their names, and
        moments are written as people do."""
        if isinstance(line, Refusal):
            return "; ".join(self.told(one.message) for one in line.problems)
        return told(self._for_people(line) if isinstance(line, Sentence) else line, self.language, WORDS[self.language])

    def _for_people(self, line: Sentence) -> Sentence:
        of_people = line.code.partition(".")[0] in ABOUT_PEOPLE
        values = {
            name: self._value(name, value, name in PEOPLE or (of_people and name in PEOPLE_TOO))
            for name, value in line.values.items()
        }
        return Sentence(line.code, values)

    def _value(self, name: str, value: object, is_person: bool) -> object:
        if isinstance(value, Sentence) and is_person and value.code == "text.either":
            return Sentence(value.code, {key: self._value(key, one, True) for key, one in value.values.items()})
        if isinstance(value, Sentence):
            return self._for_people(value)
        if isinstance(value, list):
            return [self._value(name, one, is_person) for one in value]
        if not isinstance(value, str):
            return value
        if is_person and value in self.office.staff:
            return self.office.staff[value].name
        if name not in ("at", "since", "until") or not _MOMENT.fullmatch(value):
            return value
        return moments.to_the_minute(value, self.language) if " " in value else moments.date(value, self.language)

    def told_at_field(self, message: Sentence | str) -> str:
        """What is wrong with a field of a form. It became a sidecar with English keys, of which
        nobody saw any: they are called as the desk does."""
        if isinstance(message, Sentence) and message.code.startswith("sidecar."):
            called, values = WORDS[self.language].keys, message.values
            named = {name: called.get(values[name], values[name]) for name in ("word", "contact") if name in values}
            message = Sentence(message.code, {**values, **named})
        return self.told(message)

    def problems(self, refusal: Refusal) -> dict[str, str]:
        """What is wrong, by the field that it is about; "" is none in particular."""
        found: dict[str, str] = {}
        for one in refusal.problems:
            found[one.key] = " ".join(filter(None, (found.get(one.key), self.told_at_field(one.message))))
        return found

    def fields(self, name: str) -> list[str]:
        """All values of a field of the form."""
        return list(self.form.get(name, ()))

    def parts(self, name: str) -> list[str]:
        """The parts of a field that has them with commas between."""
        return [part.strip() for part in self.field(name).split(",") if part.strip()]

    def choice(self, name: str) -> bool | None:
        """A field that is yes or no; None for anything else."""
        return {"yes": True, "no": False}.get(self.field(name))

    def person(self, name: str) -> str:
        """The code of the member of staff whose name or code was typed; else what was typed."""
        return offering.code_typed(self.field(name), self.office.staff)

    def people(self, name: str) -> list[str]:
        """The same of every field of this name that is not empty."""
        return [offering.code_typed(text, self.office.staff) for text in self.fields(name) if text.strip()]

    @property
    def words(self) -> list[str]:
        """The texts that came with the form: shown where no field is left for them, so that nothing
        typed is lost."""
        named = [name for name in self.form if name in TEXTS or name.startswith(("note:", "field."))]
        return [text for name in named if (text := self.field(name).strip())]

    def number(self, name: str) -> int | None:
        """A field that is a whole number; None for anything else."""
        text = self.field(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None

    @property
    def path(self) -> str:
        """Where this is, with its search: what a login leads back to."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def page(self, template: str, /, status: int = 200, **values: object) -> Response:
        """The page made of this template."""
        code = self.session.staff if self.session is not None and self.session.staff in self.office.staff else None
        person = self.office.staff[code] if code else None
        html = templates(self.language).get_template(template).render(
            office=self.office.settings.office, root=self.face.prefix(self.office), visit=self, me=person,
            initials=_initials(person.name) if person else "", code=code,
            rights=people.rights_now(self.office, code) if code else (),
            counts=self.counts(self) if code and self.counts else {}, statics=STATICS.addresses, **values,
        )  # fmt: skip
        return self._live(portal_pages.text_only(html), status)

    def _live(self, html: str, status: int) -> Response:
        """The page. One that says when it is not as it was any more (base.html) has the digest of
        its main part in it, by which its script asks: 304 as long as that has not changed. What the
        menu counts is no part of it: each process knows that since another moment."""
        _, here, main = html.partition(_NO_DIGEST)
        if not here:
            return HTMLResponse(html, status)
        digest = hashlib.sha256(main.encode()).hexdigest()[:32]
        etag = f'"{digest}"'
        if is_known(self.request, etag):
            return Response(status_code=304, headers={"etag": etag})
        return HTMLResponse(html.replace(_NO_DIGEST, f'data-live="{digest}"', 1), status, {"etag": etag})

    def to_login(self) -> Response:
        return self.to(f"/_login?next={quote(self.path, safe='')}")


def is_click(request: Request) -> bool:
    """False where a page asks by itself whether it is still as it was: nobody looks at anything."""
    return "again" not in request.query_params


def goal_of(text: str) -> str:
    """A path of the desk that a login may lead to; the start for anything else."""
    return text if _GOAL.fullmatch(text) else "/"


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isupper()] or name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


KINDS = {"desk.css": "text/css", "desk.js": "text/javascript", "icon.svg": "image/svg+xml"}

STATICS = Statics(lambda: {name: ((HERE / "templates" / name).read_bytes(), kind) for name, kind in KINDS.items()})
