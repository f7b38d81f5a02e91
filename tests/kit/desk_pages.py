"""Every address of the desk with something to look at there: what is checked by eye or by machine goes through this list.

A test holds it against the application's own routes, so a page that is new can't be left out.
`{…}` are filled in by the test that looks: an item, a concept, what was refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from desk.actions import config_forms
from dossier.office.opening import load_office
from dossier.office.people import Actor
from kit.desk import STAFF, DeskRig
from kit.support import PDF

Fields = Mapping[str, str]

PAGES: Mapping[str, tuple[str, ...]] = {
    "/": ("/", "/?q=jaar", "/?q=nothingfits"),
    "/clients": ("/clients", "/clients?for=new", "/clients?q=nobody"),
    "/clients/{client}": ("/clients/acme-bv", "/clients/zon", "/clients/acme-bv?q=nothingfits"),
    "/clients/{client}/new": ("/clients/acme-bv/new",),
    "/items/{item}": ("/items/{item}", "/items/{concept}"),
    "/items/{item}/pages/{name:path}": (
        "/items/{item}/pages/a.pdf?content={now}", "/items/{item}/pages/a.pdf?content={now}&beside={before}",
    ),
    "/inbox": ("/inbox", "/inbox?done=thrown", "/inbox?of=me"),
    "/inbox/unsorted/{name}": ("/inbox/unsorted/scan.txt",),
    "/inbox/waiting/{client}/{name}": ("/inbox/waiting/acme-bv/alone.txt",),
    "/inbox/refused/{client}/{folder}": ("/inbox/refused/acme-bv/{refused}",),
    "/due": ("/due", "/due?all=yes"),
    "/bin": ("/bin",),
    "/keys": ("/keys",),
    "/sessions": ("/sessions",),
    "/office": ("/office",),
    "/office/setup": ("/office/setup", "/office/setup?desk_name=desk.noord.example&portal_name=portaal.noord.example"),
    "/office/sessions": ("/office/sessions",),
    "/office/doctor": ("/office/doctor",),
    "/office/trail": ("/office/trail", "/office/trail?since=nonsense"),
    "/office/retention": ("/office/retention",),
    "/office/text/{which}": ("/office/text/clients",),
    "/office/new/{kind}": ("/office/new/clients", "/office/new/staff", "/office/new/presets", "/office/new/types"),
    "/office/import/{kind}": ("/office/import/clients", "/office/import/staff"),
    "/office/{kind}": ("/office/clients", "/office/staff", "/office/presets", "/office/types"),
    "/office/{kind}/{code:path}": ("/office/clients/acme-bv", "/office/staff/k.smit"),
    "/queue": ("/queue",),
    "/queue/{item}": ("/queue/{concept}",),
    "/{anything:path}": ("/nowhere",),
}  # fmt: skip
"""Route of a GET → what to look at."""

NO_PAGES = {
    "/_static/{name}", "/_suggest/clients", "/_oidc", "/_oidc/back", "/items/{item}/attachments/{name:path}",
    "/items/{item}/pictures/{name:path}", "/inbox/unsorted/{name}/file", "/inbox/waiting/{client}/{name}/file", "/queue/{item}/preview/{name:path}",
    "/items/{item}/portal/{when}/{name:path}",
}  # fmt: skip
"""Files, pictures, what a script asks for, and the ways to the identity provider and back."""

LED_ON = {
    "/clients/{client}/many", "/clients/{client}/export", "/inbox/refused/{client}/{folder}/bin", "/office/holds", "/office/tokens",
    *(f"/items/{{item}}/{form}" for form in (
        "edit", "share", "withdraw", "publish", "notify", "remind", "files", "attach", "copy", "delete", "move",
    )),
}  # fmt: skip
"""Where forms are sent: whoever asks for the address is led to the page of the form."""

ALONE = {
    "/_login",
    "/_login/{secret}",
    "/_first/{secret}",
    "/drops/{drop}",
    "/items/{item}/proof",
    "/queue/{item}/preview/",
    "/items/{item}/portal/{when}/",
    "/clients/{client}/portal",
}
"""Pages for who isn't logged in, that run no script, or are there for a moment: looked at by tests of their own."""


def packed(text: str) -> str:
    """A list as the form that showed it carries it."""
    return base64.b64encode(zlib.compress(text.encode())).decode()


_CLIENT = {"name": "Acme B.V.", "language": "nl", "active": "yes", "portal": "yes", "default_approver": "m.devries"}

_LIST = packed("Code;Naam;KvK;E-mail\nacme-bv;Acme Holding B.V.;12345678;j@acme.example\nnieuw-bv;Nieuw B.V.;87654321;\n")
_LIST_WITH_FAULTS = packed("Code;Naam;KvK\n_fout;;12\n")

FORMS: Mapping[str, tuple[tuple[str, Fields], ...]] = {
    "/_login": (),
    "/_login/{secret}": (),
    "/_first/{secret}": (),
    "/clients/{client}/new": (("/clients/acme-bv/new", {"description": "kort", "share": "yes", "share_status": "concept"}),),
    "/clients/{client}/many": (
        *(("/clients/acme-bv/many", {"chosen": "{item}", "what": what}) for what in ("status", "location", "label", "withdraw", "delete")),
        ("/clients/acme-bv/many", {"what": "status"}),
        ("/clients/acme-bv/many", {"chosen": "{item}", "what": "status", "status": "nonsense", "sure": "1"}),
    ),
    "/items/{item}/edit": (("/items/{item}/edit", {"version": "0", "description": "Het was iets anders"}),),
    "/items/{item}/share": (("/items/{item}/share", {"share_status": "concept", "approver": "nobody", "version": "{version}"}),),
    "/items/{item}/withdraw": (("/items/{shown}/withdraw", {"reason": " "}),),
    "/items/{item}/publish": (("/items/{item}/publish", {}),),
    "/items/{item}/notify": (("/items/{shown}/notify", {"contact": "nobody"}),),
    "/items/{item}/remind": (("/items/{shown}/remind", {}),),
    "/items/{item}/files": (("/items/{item}/files", {"what": "rename", "file": "a.pdf", "name": "a/b", "version": "{version}"}),),
    "/items/{item}/attach": (("/items/{item}/attach", {"version": "{version}"}),),
    "/items/{item}/copy": (("/items/{item}/copy", {"file": "a.pdf", "to": "nothing"}),),
    "/items/{item}/delete": (("/items/{shown}/delete", {"version": "0"}),),
    "/items/{item}/undelete": (("/items/{item}/undelete", {}),),
    "/items/{item}/move": (("/items/{item}/move", {"client": "nobody", "version": "{version}"}),),
    "/inbox/unsorted/{name}": (("/inbox/unsorted/scan.txt", {"client": "nobody"}),),
    "/inbox/waiting/{client}/{name}": (("/inbox/waiting/acme-bv/alone.txt", {"description": "kort"}),),
    "/inbox/refused/{client}/{folder}": (("/inbox/refused/acme-bv/{refused}", {"sidecar": "description: kort\n"}),),
    "/inbox/refused/{client}/{folder}/bin": (("/inbox/refused/acme-bv/gone/bin", {}),),
    "/inbox/refused/{client}/{folder}/unbin": (("/inbox/refused/acme-bv/gone/unbin", {}),),
    "/sessions": (("/sessions", {"session": "gone"}),),
    "/office/setup": (
        ("/office/setup", {"what": "backup", "backup_folder": "backups"}),
        ("/office/setup", {"what": "names", "desk_name": "desk.noord.example", "portal_name": "portaal.noord.example"}),
    ),
    "/office/sessions": (("/office/sessions", {"staff": "nobody", "all": "1"}),),
    "/office/holds": (("/office/holds", {"subject": "nothing", "reason": "why"}),),
    "/office/tokens": (("/office/tokens", {"name": "a b", "for": "nobody", "until": "2020-01-01"}),),
    "/office/retention": (("/office/retention", {"sure": "yes"}),),
    "/office/text/{which}": (
        ("/office/text/clients", {"text": "clients: {acme-bv: {name: Acme}}\n"}), ("/office/text/clients", {"text": "clients: {a: {nam: x}}\n"}),
    ),
    "/office/import/{kind}": (
        ("/office/import/clients", {}),
        ("/office/import/clients", {"name": "klanten.csv", "packed": _LIST}),
        ("/office/import/clients", {"name": "klanten.csv", "packed": _LIST_WITH_FAULTS}),
    ),
    "/office/new/{kind}": (("/office/new/clients", {"code": "", "name": ""}), ("/office/new/staff", {"code": "x", "name": "X"})),
    "/office/{kind}/{code:path}": (
        ("/office/clients/acme-bv", {**_CLIENT, "name": "Acme Holding B.V.", "was": "{was}"}),
        ("/office/clients/acme-bv", {**_CLIENT, "default_approver": "nobody", "was": "{was}"}),
        ("/office/clients/acme-bv", {**_CLIENT, "was": "another"}),
    ),
    "/queue": (("/queue", {"chosen": "{concept} sha256:0"}),),
    "/queue/{item}": (("/queue/{concept}", {"decision": "reject", "comment": "", "content": "sha256:0"}),),
    "/{anything:path}": (("/nowhere", {"typed": "something"}),),
}  # fmt: skip
"""Route of a POST → forms that come back with something to look at."""

ONWARD = {
    "/_logout",
    "/clients/{client}/drops",
    "/clients/{client}/export",
    "/office/mails/{number:int}",
    "/office/tokens/{name}/revoke",
}
"""What a POST is answered without a page."""


def routes(app_routes: Iterable[object], method: str) -> set[str]:
    """The addresses of an application that take this method, those of the API left out."""
    return {
        str(getattr(one, "path", ""))
        for one in app_routes
        if method in (getattr(one, "methods", None) or ()) and not str(getattr(one, "path", "")).startswith("/api/")
    }


# The office in which they are looked at

PAPER = (Path(__file__).parents[2] / "demo/samples/acme-bv/jaarrekening-2025.pdf").read_bytes()
LONG = (
    "Concept-jaarrekening 2025 met toelichting op de waarderingsgrondslagen, verloop van de voorzieningen, de rekening-courant"
    " met de directeur-grootaandeelhouder en de fiscale aansluiting"
)
ADMINS = """\
  e.admin: {name: Edith Admiraal, email: e.admin@office.example, rights: [create, share, approve, admin], language: en}
  d.admin: {name: Dirk Admiraal, email: d.admin@office.example, rights: [create, share, approve, admin], language: nl}
"""
"""Who may see every page, in either language."""

_CONCEPT = "share: yes\nshare_status: concept\nshare_attachments: all\napprover: [m.devries, e.admin, d.admin]\napprovals: any\n"
_DROPS = {
    "a": f"created_by: p.bakker\ndescription: Jaarrekening 2025\nlocation: 2025/Vpb\nexplanation: Zie het telverslag.\n{_CONCEPT}",
    "b": f"created_by: p.bakker\ndescription: {LONG}\n{_CONCEPT}",
    "c": "created_by: p.bakker\ndescription: kort\n",
    "d": "created_by: m.devries\ndescription: Op het portaal\ndue: 2025-10-27\nowner: d.admin\nshare: yes\nshare_status: approved\nshare_attachments: all\n",
}


@contextmanager
def office(folder: Path) -> Iterator[DeskRig]:
    """An office with something on each page: concepts, one on the portal, a refused drop, a file without a client."""
    with DeskRig.running(folder, "sharing: {guard: off}\n", staff=STAFF + ADMINS) as made:
        (made.office.path / "inbox/_unsorted").mkdir(exist_ok=True)
        (made.office.path / "inbox/_unsorted/scan.txt").write_text("Brief aan Bakkerij Zon")
        made.office.place("acme-bv", {"alone.txt": b"Zonder sidecar"})
        for stem, text in _DROPS.items():
            made.office.place("acme-bv", {f"{stem}.pdf": PAPER if stem == "a" else PDF + stem.encode(), f"{stem}.yaml": text})
        made.office.until_taken("acme-bv", "a", "b", "d")
        made.office.until_rejected("acme-bv", "c")
        yield made


def names(rig: DeskRig) -> dict[str, str]:
    """What the addresses and forms of the list speak of; the first item has two versions of its file then."""
    first, new = str(rig.office.told("a")["item"]), PAPER + b"% 2\n"
    amending = f"created_by: p.bakker\nitem: {first}\nattachments: [{{file: a2.pdf, name: a.pdf}}]\n"
    rig.office.place("acme-bv", {"a2.yaml": amending, "a2.pdf": new})
    rig.office.until_taken("acme-bv", "a2")
    rejected = rig.office.rejected("c")
    assert rejected is not None
    entry = config_forms.read(load_office(rig.office.path, {}), Actor("d.admin", "desk"), "clients", "acme-bv")
    page = rig.browser("d.admin").get(f"/items/{first}").text
    return {
        "item": first, "concept": first, "shown": str(rig.office.told("d")["item"]), "refused": rejected.name,
        "before": hashlib.sha256(PAPER).hexdigest(), "now": hashlib.sha256(new).hexdigest(),
        "version": re.findall(r'name="version" value="(\d+)"', page)[0], "was": entry.digest,
    }  # fmt: skip
