"""Whose name or number is in a text (CONTRACT section 4, "Wrong-client guard")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.office.keys import Client
from workflow.guard.directory import ClientNames, fold_text
from workflow.guard.numbers import numbers_of
from workflow.guard.readers.plain_text import legible

CLIENTS = {
    code: Client(name=name, identifiers=identifiers)
    for code, name, identifiers in [
        ("acme-bv", "Acme B.V.", ["KvK 12345678", "RSIN 001234567"]),
        ("acme-holding", "Acme Holding B.V.", []),
        ("bakkerij-zon", "Bakkerij De Zon", ["KvK 23456789", "NL91 ABNA 0417 1643 00", "btw NL123456782B01"]),
        ("northwind", "Northwind Trading Ltd", ["Company number 09876543"]),
        ("jansen-zonen", "Jansen & Zonen V.O.F.", []),
        ("zon", "Zon", []),
        ("bakker", "De Bakker", []),
        ("jan", "Jan Jansen", ["BSN 111222333"]),
        ("achterhuis", "Stichting Het Achterhuis", ["HRB 12345"]),
        ("yilmaz", "Fatma Yılmaz", []),
        ("transport", "Transport en Logistiek", []),
        ("meubel", "J. de Vries h.o.d.n. Meubelmakerij Kwast (voorheen Hout B.V.)", []),
    ]
}
DIRECTORY = ClientNames(CLIENTS, firm=["Vink Accountants"])


def found(text: str) -> set[str]:
    """The clients whom `text` surely names."""
    return {code for mention in DIRECTORY.mentions(text) if mention.sure for code in mention.clients}


@pytest.mark.parametrize(
    "text",
    [
        "Acme B.V.", "ACME BV", "acme b.v.", "Acme  B. V.", "Acme, B.V.", "Acmé BV", "Jaarrekening van\nAcme\nB.V. te Delft", "Ac-\nme B.V.",
        "Ac\x02me B.V.", "A C M E   B . V .", "Acme besloten vennootschap", "Aan Acme leveren wij", "Acme jaarrekening 2025", "www.acme.example",
        "Ac\u200eme BV", "\u202aAcme\u202c BV", "https://x.example/Acme%20B.V./a.pdf",
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_spelt(text: str) -> None:
    assert found(text) == {"acme-bv"}


@pytest.mark.parametrize(
    "told", ["?32BAKKERIJ DE Z?33ON", "?32BAKKERIJ DE Z?\r\n33ON", "?20FACTUUR 12?32BAKKERIJ DE?33ZON?34000"]
)
def test_a_name_is_found_over_the_fields_of_a_bank(told: str) -> None:
    assert found(legible(f":20:1\r\n:25:1\r\n:61:2501010101D1,00NTRF\r\n:86:177?00TRF{told}\r\n-\r\n")) == {"bakkerij-zon"}


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("BAKKERIJ DE ZON", "bakkerij-zon"), ("bakkerij\nde zon", "bakkerij-zon"), ("Bak-\r\nkerij De Zon", "bakkerij-zon"),
        ("<p>Bakkerij <b>De</b>&nbsp;Zon</p>", "bakkerij-zon"), ("Bakkerij<br />De <span style='x'>Z</span>on", "bakkerij-zon"),
        ("> > Aan Bakkerij\n> > De Zon", "bakkerij-zon"), (">>Bakkerij De\n>>\tZon", "bakkerij-zon"),
        ("Jansen en Zonen VOF", "jansen-zonen"), ("JANSEN & ZONEN", "jansen-zonen"), ("Jansen and Zonen v.o.f.", "jansen-zonen"),
        ("Fatma Yilmaz", "yilmaz"), ("FATMA YILMAZ", "yilmaz"), ("Fatma Y\\u0131lmaz", "yilmaz"), ("Stichting het Achterhuis", "achterhuis"),
        ("NORTHWIND TRADING LIMITED", "northwind"), ("northwind trading", "northwind"), ("Meubelmakerij Kwast", "meubel"),
        ("Hout BV", "meubel"), ("Transport en Logistiek B.V.", "transport"), ("Zon B.V.", "zon"), ("Klant: Zon\n", "zon"),
        ("Debiteur: De Bakker", "bakker"), ("de heer Jan Jansen", "jan"), ("Acme Holding B.V.", "acme-holding"),
    ],
)  # fmt: skip
def test_a_name_is_found(text: str, client: str) -> None:
    assert found(text) == {client}


@pytest.mark.parametrize(
    "text",
    [
        "de zon scheen", "De Zon schijnt", "Zon", "horizon BV", "bijzonder", "de bakker bakt", "De Bakker bakte brood", "een bakkerij. De zon ging op",
        "jan jansen", "transport en logistiek", "Transport en Logistiek", "acme", "Acme N.V.", "Acme Groep Nederland B.V.", "het achterhuis",
        "Zonneschijn B.V.", "Acme is a word that means the highest point, and also a brand in cartoons.", "Bakkerij\tDe Zon", "Stichting Zon", "",
    ],
)  # fmt: skip
def test_a_short_or_generic_name_or_another_company_is_no_alarm(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("KvK 12345678", "acme-bv"), ("12345678", "acme-bv"), ("K.v.K.-nummer: 12.34.56.78", "acme-bv"), ("KvK 12 345 678", "acme-bv"),
        ("kvknr 1234-5678", "acme-bv"), ("RSIN 001234567", "acme-bv"), ("001234567", "acme-bv"), ("0012.34.567", "acme-bv"),
        ("NL001234567B01", "acme-bv"), ("NL 0012.34.567.B.01", "acme-bv"), ("001234567L01", "acme-bv"),
        ("Aanslagnummer 0012.34.567.V.26.0112", "acme-bv"), ("RSIN\t1234567", "acme-bv"),
        ("KvK \u202d1234\u200e5678\u202c", "acme-bv"),
        ("NL91ABNA0417164300", "bakkerij-zon"), ("nl91 abna 0417 1643 00", "bakkerij-zon"), ("NL91-ABNA-0417-1643-00", "bakkerij-zon"),
        ("NL123456782B01", "bakkerij-zon"), ("1234.56.782", "bakkerij-zon"), ("123 456 782", "bakkerij-zon"), ("BSN 111222333", "jan"),
        ("KvK12345678", "acme-bv"), ("btwnr001234567B01", "acme-bv"), ("BTWNL001234567B01", "acme-bv"), ("IBANNL91ABNA0417164300", "bakkerij-zon"),
        ("NL91_ABNA_0417_1643_00.pdf", "bakkerij-zon"), ("KvK 12\u2013345\u2014678", "acme-bv"), ("1234\u00b756\u00b7782", "bakkerij-zon"),
        ("Company No. 9876543", "northwind"), ("HRB 12345", "achterhuis"), ("HRB: 12345", "achterhuis"), ("HRB\t12345", "achterhuis"),
        (":25:NL91ABNA0417164300EUR\n:28C:1", "bakkerij-zon"), (":25:0417164300\n", "bakkerij-zon"), ("Rekeningnummer 41.71.64.300", "bakkerij-zon"),
        ("rek.nr. 417164300", "bakkerij-zon"),
    ],
)  # fmt: skip
def test_a_number_of_the_trade_is_found_however_it_is_written(text: str, client: str) -> None:
    assert found(text) == {client}


@pytest.mark.parametrize(
    "text",
    [
        "€ 12345678", "12.345.678,00", "12 345 678", "12.345.678", "912345678", "123456780", "12345678,50", "1234567", "bedrag 123.456.782",
        "417164300", "0417164300", "factuur 417164300", "NL91ABNA0417164300EURO", "NL91ABNA04171643001", "HRB\n\n12345", "HRB | 12345",
        "12\n345\n678", "12345678abc", "0,12345678", "XKvK12345678", "AB12345678", "KvK 87654321 over 12 345 678",
    ],
)  # fmt: skip
def test_an_amount_or_part_of_a_longer_number_is_no_identifier(text: str) -> None:
    assert found(text) == set()


def test_an_eight_digit_date_is_no_kvk_number_without_its_label() -> None:
    directory = ClientNames({"a": Client(name="Xerxes Quadrant", identifiers=["KvK 20251231"])})
    assert directory.mentions("per 20251231 en 20251231") == ()
    assert directory.mentions("KvK-nummer 20251231") != ()


def test_an_identifier_that_is_too_short_to_search_for_is_told() -> None:
    assert numbers_of("a", "nr 12") == []
    assert ClientNames({"a": Client(name="Xerxes", identifiers=["nr 12"])}).unsearchable == [("a", "nr 12")]


def foreign(text: str, own: str) -> set[str]:
    return {code for mention in DIRECTORY.foreign(DIRECTORY.mentions(text), own) for code in mention.clients}


def test_another_clients_name_without_the_own_one_is_a_finding() -> None:
    assert foreign("Jaarrekening Acme B.V.", "bakkerij-zon") == {"acme-bv"}
    assert foreign("KvK 23456789", "acme-bv") == {"bakkerij-zon"}


def test_another_client_named_beside_the_own_name_is_no_finding() -> None:
    assert foreign("Factuur van Bakkerij De Zon aan Acme B.V.", "acme-bv") == set()
    assert foreign("Factuur van Bakkerij De Zon, uw KvK 12345678", "acme-bv") == set()


@pytest.mark.parametrize(
    "name", ["Report", "Summit", "Horizon", "Focus", "Statement", "Rapport", "Delta", "Kompas", "Partners", "Zon"]
)
def test_a_client_called_by_one_common_word_needs_a_second_mark_to_be_found(name: str) -> None:
    directory = ClientNames({"it": Client(name=name, identifiers=["KvK 87654321"]), "own": Client(name="Acme B.V.")})

    def alarms(text: str) -> bool:
        return bool(directory.foreign(directory.mentions(text), "own"))

    for text in (
        f"Annual {name} 2025",
        f"{name}\n\n1. Introduction",
        f"see the {name} of May",
        name.upper(),
        f"www.{name.lower()}.example",
    ):
        assert not alarms(text), text
    for text in (f"{name} B.V.", f"Klant: {name}\n", f"{name}\nDorpsstraat 1\n1234 AB Delft", f"the {name} of KvK 87654321"):
        assert alarms(text), text


def test_the_own_name_where_it_is_not_sure_still_counts_as_own() -> None:
    assert foreign("Aan Zon heeft Acme B.V. verkocht", "zon") == set()
    assert foreign("Door Northwind van Acme B.V. gekocht", "northwind") == set()
    assert foreign("de zon scheen bij Acme B.V.", "zon") == {"acme-bv"}


def test_a_part_of_a_longer_name_is_not_the_own_name() -> None:
    assert foreign("Aangifte van Acme Holding B.V., KvK bekend", "acme-bv") == {"acme-holding"}


def test_clients_of_the_same_name_are_told_apart_by_their_numbers() -> None:
    twins = {
        "one": Client(name="Kwast B.V.", identifiers=["KvK 11112222"]),
        "two": Client(name="Kwast BV", identifiers=["KvK 33334444"]),
    }
    directory = ClientNames(twins)
    assert directory.foreign(directory.mentions("Kwast B.V."), "one") == ()
    assert directory.foreign(directory.mentions("Kwast B.V., KvK 11112222"), "one") == ()
    [mention] = directory.foreign(directory.mentions("Kwast B.V., KvK 33334444"), "one")
    assert mention.clients == {"two"}


def test_the_firms_own_letterhead_is_no_finding() -> None:
    clients = {**CLIENTS, "vink": Client(name="Vink Accountants B.V.", identifiers=["KvK 55556666"])}
    directory = ClientNames(clients, firm=["Vink Accountants"])
    assert directory.foreign(directory.mentions("Vink Accountants B.V., KvK 55556666. Geachte heer,"), "acme-bv") == ()


@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    for mention in DIRECTORY.mentions(f"{text} Acme B.V. {text}"):
        assert mention.words
    assert fold_text(fold_text(text)) == fold_text(fold_text(fold_text(text)))


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=20)), max_size=5))
def test_no_name_or_identifier_breaks_the_directory(given_clients: list[tuple[str, str]]) -> None:
    clients = {
        f"c{n}": Client.model_construct(name=name, identifiers=[identifier]) for n, (name, identifier) in enumerate(given_clients)
    }
    ClientNames(clients).mentions(" ".join(f"{name} {identifier}" for name, identifier in given_clients))


def test_thousands_of_names_are_searched_for_in_one_pass() -> None:
    clients = {f"c{n}": Client(name=f"Kwastel{n} Bremoor B.V.", identifiers=[f"KvK {40_000_000 + n}"]) for n in range(5_000)}
    directory = ClientNames(clients)
    text = "In dit bijzondere jaar is de omzet 12.345 hoger dan verwacht. " * 1_500 + "Kwastel4999 Bremoor BV"
    assert {code for mention in directory.mentions(text) for code in mention.clients} == {"c4999"}


COMMON_NAMES = {
    code: Client(name=name)
    for code, name in [
        ("own", "Acme B.V."),
        ("post", "Post"),
        ("smit", "Smit"),
        ("jong", "De Jong"),
        ("vries", "J. de Vries"),
        ("jansen", "Jansen Beheer B.V."),
        ("number", "1001"),
        ("upkeep", "Groot Onderhoud B.V."),
        ("books", "Financiële Administratie B.V."),
        ("berg", "Van den Berg & Zonen B.V."),
        ("haan", "Gebr. de Haan"),
        ("koop", "Koop"),
        ("visser", "drs. A.B. Visser"),
    ]
}
OF_COMMON_NAMES = ClientNames(COMMON_NAMES)


def accused(text: str) -> set[str]:
    return {code for mention in OF_COMMON_NAMES.foreign(OF_COMMON_NAMES.mentions(text), "own") for code in mention.clients}


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("M.A.X. B.V.", ["M.A.X. B.V.", "max bv", "M.a.x. B.V."]),
        ("'t Hoekje", ["Klant: 't Hoekje", "'t Hoekje\nKerkstraat 1\n1234 AB Utrecht", "Klant: ’t Hoekje"]),
        ("Rock 'n Roll Evenementen", ["van Rock 'n Roll Evenementen", "ROCK 'N ROLL EVENEMENTEN"]),
        ("C1000", ["bij C1000 gekocht"]),
        ("A-Z Verhuur", ["Factuur van A-Z Verhuur", "A-Z VERHUUR"]),
        ("Jansen & Partners B.V. i.o.", ["Jansen & Partners B.V.", "Jansen en Partners B.V. i.o."]),
        ("Zwart Beheer B.V. (in liquidatie)", ["Zwart Beheer B.V.", "Zwart Beheer B.V. in liquidatie"]),
        ("iRent", ["een factuur van iRent"]),
        ("De Huiskamer (winkel)", ["De Huiskamer (winkel)"]),
        ("Handelmaatschappij Kwast", ["Handelmij. Kwast", "HANDELMIJ KWAST", "Handelmaatschappij Kwast"]),
        ("Bouwmij. De Kwast B.V.", ["Bouwmaatschappij De Kwast", "Bouwmij. de Kwast B.V."]),
        ("Kwast Maatschappij tot Beheer", ["Kwast Mij. tot Beheer"]),
        ("Gebroeders Kwast", ["Gebr. Kwast", "GEBR KWAST"]),
        ("Fa. Kwast & Zn.", ["Firma Kwast en Zn", "Fa. Kwast & Zn."]),
        ("Administratiekantoor Kwast", ["Adm. kantoor Kwast", "Adm.kantoor Kwast"]),
        ("J. de Kwast", ["Factuur Kwast, J. de", "KWAST, J. DE\nDorp 1", "de Kwast, J.", "Naam: Kwast, J. de"]),
        ("A.B. Kwast", ["Kwast, A.B.", "Kwast, A.B. (1980)"]),
        ("Jan van der Kwast", ["Kwast, Jan van der", "Van der Kwast, Jan", "Kwast, Jan v.d."]),
    ],
)
def test_a_name_is_found_as_its_client_writes_it(name: str, texts: list[str]) -> None:
    directory = ClientNames({"it": Client(name=name), "own": Client(name="Acme B.V.")})
    for text in texts:
        assert directory.foreign(directory.mentions(text), "own"), text
    assert not directory.foreign(directory.mentions("In Liquidatie; 1000; de winkel, een hoekje, max"), "own")


@pytest.mark.parametrize(
    "text",
    [
        "kosten t.b.v. post en porti", "o.b.v. Post 12", "m.b.v. post", "Smit\nn.v.t.", "Post\tn.v.t.", "Jong: N.V.T.", "CV De Jong",
        "Kapsalon Knip B.V. Smit kwam", "Tulp B.V.\nPost", "Tulp N.V.\nDe Jong & Co", "Koop op afstand",
        "Smit\nte laat", "From: P. de Jong <p@x.example>",
        "Meubelzaak Smit B.V.", "Hotel Post B.V.", "Grootboek 1001", "1001 AB Amsterdam", "voorziening groot onderhoud", "Groot onderhoud",
        "de financiële administratie", "Met vriendelijke groet,\n\nJ. de Vries\nKerkstraat 1\n1234 AB Utrecht",
        "T.a.v. de heer J. de Vries\nKerkstraat 1\n1234 AB Utrecht",
        "de heren Visser, A.B. Jansen en C. Smit", "Visser A.B.", "Visser\tA.B.", "Vries, J. de", "Bouwmij. Smit B.V.", "dat is van mij. De Jong",
    ],
)  # fmt: skip
def test_ordinary_words_and_abbreviations_are_no_alarm(text: str) -> None:
    assert accused(text) == set()


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("De heer J. de Vries\nKerkstraat 1\n1234 AB Utrecht", "vries"), ("Aan de heer en mevr. J. de Vries\nKerkstraat 1\n1234 AB Utrecht", "vries"),
        ("Dhr. J. DE VRIES\nKerkstraat 1\n1234 AB Utrecht", "vries"), ("Fam. De Jong\nKerkstraat 1\n1234 AB Utrecht", "jong"),
        ("over te maken t.n.v. Jansen Beheer", "jansen"), ("IBAN t.n.v. J. de Vries", "vries"), ("ten name van: De Jong", "jong"),
        ("Naam werknemer: J. de Vries", "vries"), ("Administratie: Smit", "smit"), ("Jansen Beheer n.v.t.", "jansen"), ("Jansen Beheer t.b.v. 2025", "jansen"),
        ("Klant: 1001\n", "number"), ("Groot Onderhoud B.V.", "upkeep"), ("GROOT ONDERHOUD B.V.", "upkeep"), ("Financiële Administratie B.V.", "books"),
        ("Smit B.V.", "smit"), ("Post, B.V.", "post"), ("van B.V. Smit te Utrecht", "smit"), ("B.V. Post", "post"), ("V.O.F. De Jong", "jong"),
        ("Jaarrekening 2025\nSmit\nte Utrecht", "smit"), ("De Jong\nstatutair gevestigd te Utrecht", "jong"), ("To: Smit <info@x.example>", "smit"),
        ("From: \"De Jong\" <info@x.example>", "jong"), ("Van: Post\nAan: X", "post"),
        ("V.d. Berg & Zonen", "berg"), ("v/d Berg en Zonen B.V.", "berg"), ("GEBR. DE HAAN", "haan"),
        ("De heer A.B. Visser", "visser"), ("Drs. A.B. Visser", "visser"),
    ],
)  # fmt: skip
def test_a_common_name_is_found_where_it_is_plainly_meant(text: str, client: str) -> None:
    assert accused(text) == {client}
