"""`clients import` and `staff import`: lists as practice software exports them, into config/ without losing a comment."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from kit.support import ME, Root

from dossier.office.opening import load_office

RELATIONS = Path(__file__).parents[2] / "lists/relaties-300.csv"
CLIENTS = """\
# Onze cliënten
clients:
  acme-bv:                     # al jaren cliënt
    name: Acme B.V.
    language: en
    identifiers: ["KvK 12345678"]
    contacts:
      - {id: j.jansen, name: Jan Jansen, email: j.jansen@acme.example, notify: digest}
  oud-bv: {name: Oud B.V.}   # vertrokken
"""
STAFF = f"""\
staff:
  a.beheer: {{name: Anna Beheer, email: a.beheer@office.example, os_user: {ME}, rights: [create, admin]}}
  m.devries: {{name: Marieke de Vries, email: m.devries@office.example, rights: [create, share, approve]}}
"""
LIST = """\
Naam;KvK nummer;BSN;Contactpersoon;E-mail;Relatiebeheerder;Plaats
Acme Holding B.V.;12345678;123456782;Jan Jansen;J.Jansen@acme.example;Marieke de Vries;Utrecht
Café Ñandú;87654321;;Zoë de Groot;zoe@nandu.example;;Zwolle
Café Ñandú;87654321;;Piet Ñandú;piet@nandu.example;;Zwolle
"""


@pytest.fixture
def office(root: Root) -> Root:
    root.set("clients", CLIENTS)
    root.set("staff", STAFF)
    return root


def plan(office: Root, kind: str, path: Path, *options: str, code: int = 0) -> dict[str, object]:
    found: dict[str, object] = json.loads(office.run(kind, "import", str(path), "--json", *options, code=code).stdout)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_list_is_read_whatever_program_wrote_it(office: Root, tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(LIST.replace(";", separator), encoding=encoding, newline="\r\n")
    found = plan(office, "clients", path)
    assert found["new"] == ["cafe-nandu"]
    assert found["changed"] == {"acme-bv": [["name", "Acme B.V.", "Acme Holding B.V."], ["default_approver", "", "m.devries"]]}
    assert found["gone"] == ["oud-bv"]
    assert found["ignored"] == ["BSN", "Plaats"]


def test_without_apply_nothing_changes_and_with_it_comments_and_other_keys_stay(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(LIST)
    office.run("clients", "import", str(path))
    config = office.path / "config/clients.yaml"
    assert config.read_text() == CLIENTS
    office.run("clients", "import", str(path), "--apply")
    text = config.read_text()
    for kept in ("# Onze cliënten", "# al jaren cliënt", "# vertrokken", "notify: digest", "language: en"):
        assert kept in text
    clients = load_office(office.path, {}).clients
    assert clients["acme-bv"].name == "Acme Holding B.V."
    assert [one.name for one in clients["cafe-nandu"].contacts] == ["Zoë de Groot", "Piet Ñandú"]
    assert clients["cafe-nandu"].identifiers == ["KvK 87654321"]
    assert "123456782" not in text
    assert (office.path / "inbox/cafe-nandu").is_dir()
    assert [copy.read_text() for copy in (office.path / "var/config-history").iterdir()] == [CLIENTS]
    [event] = [one for one in office.json("audit", "log") if one["action"] == "config_changed"]
    assert event["detail"]["new"] == ["cafe-nandu"]
    again = plan(office, "clients", path, "--apply")
    assert (again["new"], again["changed"]) == ([], {})
    assert config.read_text() == text


@pytest.mark.parametrize(
    ("encoding", "ends"), [("cp850", "\r\n"), ("cp437", "\r\n"), ("mac-roman", "\r"), ("utf-16-le", "\r\n"), ("cp1252", "\n")]
)
def test_names_keep_their_accents_whatever_machine_wrote_them(office: Root, tmp_path: Path, encoding: str, ends: str) -> None:
    path = tmp_path / "relaties.csv"
    lines = ["Nummer;Naam", "1;Café Crème", "2;Coöperatie Müller", ""]
    path.write_bytes(ends.join(lines).encode(encoding))
    plan(office, "clients", path, "--apply")
    clients = load_office(office.path, {}).clients
    assert [clients[code].name for code in ("1", "2")] == ["Café Crème", "Coöperatie Müller"]


@pytest.mark.parametrize("name", ["Café Crème", "Foto’s “Zon” – Zn", "Prijs € 5,–", "Naïef … en ‘t"])
def test_signs_of_windows_are_not_taken_for_letters_of_dos(office: Root, tmp_path: Path, name: str) -> None:
    path = tmp_path / "relaties.csv"
    path.write_bytes(f"Nummer;Naam\r\n1;{name}\r\n".encode("cp1252"))
    plan(office, "clients", path, "--apply")
    assert load_office(office.path, {}).clients["1"].name == name


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ("Klantcode,Klantnaam,KvK-nr.,BSN/RSIN", ["code", "name", "kvk"]),
        ("Cliëntnummer,Cliëntnaam,BTW-nr,BSN-nummer", ["code", "name", "vat"]),
        ("Relatie ID,Naam relatie,KvK nummer,Burgerservicenummer (BSN)", ["code", "name", "kvk"]),
        ("Customer no.,Customer name,VAT number,Sofinummer", ["code", "name", "vat"]),
    ],
)
def test_headings_of_practice_software_are_known_and_none_of_numbers_of_citizens(
    office: Root, tmp_path: Path, headings: str, said: list[str]
) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(f"{headings}\nzon-99,Bakkerij Zon,11223344,123456782\n")
    found = plan(office, "clients", path, "--map", f"{headings.split(',')[3]}=rsin")
    assert (list(found["columns"].values()), found["new"]) == (said, ["zon-99"])  # type: ignore[attr-defined]
    assert "Bakkerij Zon" in office.run("clients", "import", str(path)).stdout


@pytest.mark.parametrize("heading", ["Fiscaal nummer", "Fiscaalnummer", "FI-nummer", "Fiscaal nr.", "OB-nummer"])
@pytest.mark.parametrize("more", [[], ["--map", "{}=rsin"]])
def test_a_fiscal_number_is_taken_of_legal_persons_alone_as_it_is_a_citizens_else(
    office: Root, tmp_path: Path, heading: str, more: list[str]
) -> None:
    names = ["J. de Vries", "Bakkerij Zon", "Acme B.V.", "Stichting Zon", "V.O.F. De Vries", "Leeg", "Jansen h.o.d.n. Bouw B.V."]
    rows = [f"{number},{name},{'' if name == 'Leeg' else 123456780 + number}" for number, name in enumerate(names, 1)]
    path = tmp_path / "relaties.csv"
    path.write_text("\n".join([f"Nummer,Naam,{heading}", *rows]) + "\n")
    found = plan(office, "clients", path, *(one.format(heading) for one in more), "--apply")
    clients = load_office(office.path, {}).clients
    assert [len(clients[str(number)].identifiers) for number in range(1, 8)] == [0, 0, 1, 1, 1, 0, 1]
    assert clients["3"].identifiers == ["btw 123456783" if heading == "OB-nummer" and not more else "RSIN 123456783"]
    [note] = found["notes"]  # type: ignore[misc]
    assert note.endswith("rows passed over: 2")
    assert "rows passed over: 2" in office.run("clients", "import", str(path)).stdout


def test_an_excel_file_is_read_and_its_numbers_stay_numbers(office: Root, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (("Debiteurnummer", "Bedrijfsnaam", "KvK"), (10023, "Bakkerij Zon", 11223344)):
        book.active.append(row)
    book.save(tmp_path / "relaties.xlsx")
    assert plan(office, "clients", tmp_path / "relaties.xlsx", "--apply")["new"] == ["10023"]
    assert load_office(office.path, {}).clients["10023"].identifiers == ["KvK 11223344"]


def test_a_quotation_mark_that_nothing_closes_swallows_no_clients(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text('Code;Naam\nzon;Bakkerij Zon\nhoek;"t Hoekje\nmaan;Maan\nster;Ster\n')
    assert "row 3: a quotation mark opens there that nothing closes" in office.run("clients", "import", str(path), code=1).stderr
    path.write_text('Code;Naam\nhoek;"""t Hoekje"\nmaan;"De \nMaan"\nster;Caf\xe9 "Ster"')
    assert plan(office, "clients", path)["new"] == ["hoek", "maan", "ster"]


def test_a_user_name_that_two_have_is_told_with_its_row_beside_other_faults(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "staff.csv"
    path.write_text(
        "Naam;E-mail;Gebruikersnaam;Rechten\nPiet Bos;p@o.example;pbos;create\nPaul Bos;q@o.example;pbos;create\nKees;k@o.example;;alles, alleen\n"
    )
    found = json.loads(office.run("staff", "import", str(path), "--json", code=1).stdout)
    assert [(one["row"], one["column"]) for one in found["faults"]] == [(3, "Gebruikersnaam"), (4, "Rechten"), (4, "Rechten")]


def test_a_number_gets_back_the_zeros_that_a_spreadsheet_took_from_it(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(
        "Code;Naam;KvK;RSIN\nzon;Bakkerij Zon;1234567;1234567\nmaan;Maan;12345678;812345678\nster;Ster;n.v.t.;12345\n"
    )
    assert plan(office, "clients", path, "--apply")["new"] == ["zon", "maan", "ster"]
    clients = load_office(office.path, {}).clients
    assert clients["zon"].identifiers == ["KvK 01234567", "RSIN 001234567"]
    assert clients["maan"].identifiers == ["KvK 12345678", "RSIN 812345678"]
    assert clients["ster"].identifiers == ["RSIN 12345"]
    path.write_text("Code;Naam;KvK;RSIN\nzon;Bakkerij Zon;01234567;001234567\n")
    assert plan(office, "clients", path)["changed"] == {}


def test_what_is_written_where_there_is_no_number_is_none(office: Root, tmp_path: Path) -> None:
    path, nothing = tmp_path / "relaties.csv", ("n.v.t.", "-", "onbekend", "0", "00000000", "N/A", "geen KvK", "?")
    lines = [f"k{number};Klant {number};{word};{word};{word};-;n.v.t." for number, word in enumerate(nothing)]
    path.write_text("\n".join(["Code;Naam;KvK;RSIN;btw-nummer;E-mail;Goedkeurder", *lines]) + "\n")
    assert plan(office, "clients", path, "--apply")["new"] == [f"k{number}" for number in range(len(nothing))]
    clients = load_office(office.path, {}).clients
    assert {(tuple(one.identifiers), tuple(one.contacts)) for code, one in clients.items() if code.startswith("k")} == {((), ())}
    path.write_text("Naam;KvK\nKlant 0;n.v.t.\nNieuw;n.v.t.\n")
    assert (found := plan(office, "clients", path))["new"] == ["nieuw"], "two who have none are not the same"
    assert found["changed"] == {}


def test_every_fault_is_told_with_its_row_and_column_and_then_nothing_is_changed(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Code;Naam;E-mail;Goedkeurder\na/b;Eerste;x@y.example;\nzon;;zon;niemand\nzon2;Zon;zon@zon.example;\n")
    found = plan(office, "clients", path, "--apply", code=1)
    assert [(one["row"], one["column"]) for one in found["faults"]] == [  # type: ignore[attr-defined]
        (2, "Code"), (3, "Naam"), (3, "E-mail"), (3, "Goedkeurder"),
    ]  # fmt: skip
    assert (office.path / "config/clients.yaml").read_text() == CLIENTS


def test_a_list_with_headings_alone_is_told_of_and_changes_nothing(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Code;Naam\n")
    assert "row 1: nothing stands below these headings" in office.run("clients", "import", str(path), "--apply", code=1).stderr
    assert (office.path / "config/clients.yaml").read_text() == CLIENTS


def test_what_would_be_new_is_shown_in_the_readers_language(office: Root, tmp_path: Path) -> None:
    (tmp_path / "lijst.csv").write_text("Naam;E-mail\nErik Jong;erik@office.example\n")
    office.environ["LANG"] = "nl_NL.UTF-8"
    told = office.run("staff", "import", str(tmp_path / "lijst.csv")).stdout
    assert "medewerkers  wat" in told
    assert "staff" not in told


def test_a_heading_can_be_given_its_meaning(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Kolom A;Kolom B\nzon;Bakkerij Zon\n")
    assert "--map" in office.run("clients", "import", str(path), code=1).stderr
    assert plan(office, "clients", path, "--map", "Kolom A=code", "--map", "Kolom B=name")["new"] == ["zon"]
    assert "code, name, kvk" in office.run("clients", "import", str(path), "--map", "Kolom B=naam", code=1).stderr


def test_staff_come_from_a_list_too_and_only_an_admin_brings_them(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "medewerkers.csv"
    path.write_text("Naam,E-mailadres,Gebruikersnaam,Rechten\nKarel Smit,k.smit@office.example,ksmit,maken/goedkeuren\n")
    office.run("staff", "import", str(path), "--apply")
    person = load_office(office.path, {}).staff["k.smit"]
    assert (person.name, person.os_user, person.rights) == ("Karel Smit", "ksmit", ["create", "approve"])
    office.run("--as", "m.devries", "staff", "import", str(path), code=1)
    assert "there is no such file" in office.run("staff", "import", str(tmp_path / "nothing.csv"), code=2).stderr


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("above", ["\n", "Relatielijst 2026\n\n", "Relatielijst, export; van vandaag\n"])
def test_an_empty_row_or_a_title_may_stand_above_the_headings(office: Root, tmp_path: Path, above: str, separator: str) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(above + LIST.replace(";", separator), encoding="utf-16-le")
    assert plan(office, "clients", path)["new"] == ["cafe-nandu"]


@pytest.mark.parametrize(
    "above",
    [
        "Relatie;;Contact;\nCode;Naam;Naam;E-mail\n",
        "Administratie;;;\nGebruiker;p.bakker;;\nCode;Naam;Plaats;E-mail\n",
    ],
)
def test_headings_are_found_below_others_over_several_columns_and_what_a_report_tells_of_itself(
    office: Root, tmp_path: Path, above: str
) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(above + "1000;Bakkerij Zon;Klant;zon@zon.example\n")
    found = plan(office, "clients", path)
    assert found["new"] == ["1000"]
    assert found["columns"] == {"Code": "code", "Naam": "name", "E-mail": "contact_email"}


@pytest.mark.parametrize("who", ["Relatie", "Klant", "Organisatie"])
@pytest.mark.parametrize(("cell", "key"), [("K1001", "code"), ("1001", "code"), ("Bakkerij Zon", "name")])
def test_a_column_of_clients_holds_codes_if_each_is_a_number(office: Root, tmp_path: Path, who: str, cell: str, key: str) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(f"{who};Naam\n{cell};Zon\n")
    columns = plan(office, "clients", path)["columns"]
    assert columns == ({who: "code", "Naam": "name"} if key == "code" else {who: "name"})


def test_the_address_of_the_contact_goes_before_that_of_the_company(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Naam;E-mail;Contactpersoon;E-mail contactpersoon\nZon;info@zon.example;Ida Zon;ida@zon.example\n")
    assert plan(office, "clients", path, "--apply")["ignored"] == ["E-mail"]
    assert [one.email for one in load_office(office.path, {}).clients["zon"].contacts] == ["ida@zon.example"]


def test_contacts_without_an_address_are_left_out_and_told_of(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Naam;E-mail;Contactpersoon\nZon;;Ida Zon\nMaan;m@maan.example;Mia\n")
    found = plan(office, "clients", path)
    assert (found["new"], [str(note).endswith("rows: 1") for note in found["notes"]]) == (["zon", "maan"], [True])  # type: ignore[attr-defined]


def test_a_code_is_known_in_other_capitals_and_without_the_zeros_that_a_spreadsheet_dropped(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Code;Naam\n00123;Zon\nMAAN;Maan\n")
    assert plan(office, "clients", path, "--apply")["new"] == ["00123", "MAAN"]
    book = openpyxl.Workbook()
    for row in [["Code", "Naam"], [123, "Zon"], ["maan", "Maan B.V."], ["acme-BV", "Acme B.V."]]:
        book.active.append(row)
    book.save(excel := tmp_path / "relaties.xlsx")
    found = plan(office, "clients", excel)
    assert (found["new"], list(found["changed"])) == ([], ["MAAN"])  # type: ignore[call-overload]


def test_codes_that_differ_in_capitals_alone_are_told_with_their_row(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Code;Naam\nZON;Zon\nzon;Zonneveld\n")
    found = plan(office, "clients", path, "--apply", code=1)
    assert [(one["row"], one["column"]) for one in found["faults"]] == [(3, "Code")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", ["CON", "com1", "zon.", "zon.tmp"])
def test_a_code_that_no_folder_can_have_on_windows_is_a_fault(office: Root, tmp_path: Path, code: str) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text(f"Code;Naam\n{code};Zon\n")
    assert [one["column"] for one in plan(office, "clients", path, code=1)["faults"]] == ["Code"]  # type: ignore[attr-defined]


def test_a_new_client_with_the_number_of_another_code_is_told_of(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Code;Naam;KvK\n1000;Acme B.V.;12345678\n1001;Zon;87654321\n")
    found = plan(office, "clients", path)
    assert found["new"] == ["1000", "1001"]
    assert ["1000 (acme-bv);" in str(note) for note in found["notes"]] == [True]  # type: ignore[attr-defined]


def test_of_two_columns_with_one_heading_the_first_counts_and_the_other_is_told_of(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    path.write_text("Naam;E-mail;E-mail\nBakkerij Zon;zon@zon.example;\n")
    assert plan(office, "clients", path, "--apply")["ignored"] == ["E-mail (2)"]
    assert [one.email for one in load_office(office.path, {}).clients["bakkerij-zon"].contacts] == ["zon@zon.example"]


def test_clients_of_one_name_with_other_numbers_are_not_taken_for_one(office: Root, tmp_path: Path) -> None:
    path = tmp_path / "relaties.csv"
    head = "Naam;KvK;RSIN;E-mail\n"
    path.write_text(head + "Jansen;11111111;;jan@a.example\nJansen;22222222;;piet@b.example\nAcme B.V.;99999999;;eve@b.example\n")
    found = plan(office, "clients", path, "--apply", code=1)
    assert [(one["row"], one["column"]) for one in found["faults"]] == [(3, "KvK"), (4, "KvK")]  # type: ignore[attr-defined]
    assert (office.path / "config/clients.yaml").read_text() == CLIENTS
    path.write_text(head + "Jansen;11111111;1;jan@a.example\nJansen;;1;piet@a.example\nAcme B.V.;12345678;2;eve@acme.example\n")
    assert plan(office, "clients", path)["new"] == ["jansen"]


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\x00\x01\x02", b"PK\x03\x04 nonsense", b"\xd0\xcf\x11\xe0" + b"x" * 600, b'Naam;Code\n"open']
)
def test_what_is_no_list_is_refused_in_a_line(office: Root, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "relaties.csv"
    path.write_bytes(data)
    done = office.run("clients", "import", str(path), code=None)
    assert done.returncode in (0, 1)
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    ("headings", "row", "code", "name"),
    [
        ("Voornaam;Tussenvoegsel;Achternaam;E-mail", "Jan;de;Wit;jan@office.example", "j.dewit", "Jan de Wit"),
        ("Achternaam;Roepnaam;Mail", "Visser;Lisa;lisa@office.example", "l.visser", "Lisa Visser"),
        ("Last name;E-mail", "Visser;lisa@office.example", "visser", "Visser"),
        ("Naam;Voornaam;Achternaam;E-mail", "Lisa Visser;L.;V.;lisa@office.example", "l.visser", "Lisa Visser"),
    ],
)
def test_a_name_in_parts_becomes_one(office: Root, tmp_path: Path, headings: str, row: str, code: str, name: str) -> None:
    path = tmp_path / "medewerkers.csv"
    path.write_text(f"{headings}\n{row}\n")
    assert plan(office, "staff", path, "--apply")["new"] == [code]
    assert load_office(office.path, {}).staff[code].name == name
    assert plan(office, "staff", path, "--apply")["new"] == []


@pytest.mark.slow
def test_three_hundred_clients_come_in_one_go_as_excel_saves_them(office: Root) -> None:
    """Semicolons, cp1252, a quoted name with a semicolon in it, a second row for a second contact, a column for the BSN."""
    found = plan(office, "clients", RELATIONS, "--apply")
    assert (len(found["new"]), found["faults"], found["ignored"]) == (300, [], ["BSN"])  # type: ignore[arg-type]
    assert {f"{1001 + number}" for number in range(300)} <= {path.name for path in (office.path / "inbox").iterdir()}
    clients = load_office(office.path, {}).clients
    assert sum(len(clients[code].contacts) for code in found["new"]) == 387  # type: ignore[attr-defined]
    assert any("h.o.d.n." in client.name for client in clients.values())
    again = plan(office, "clients", RELATIONS, "--apply")
    assert (again["new"], again["changed"], len(again["gone"])) == ([], {}, 2)  # type: ignore[arg-type]
