"""Which files belong to a sidecar (CONTRACT section 3)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.inbox.pairing import Candidate, Claim, Pairing, pair, pair_folder

IMPLIED = Claim(None)


def listed(*names: str) -> Claim:
    return Claim(names)


def drops(names: list[str], **claims: Claim) -> tuple[dict[str, Candidate], Pairing]:
    """Pair; claims by sidecar's stem with _ for a dot, the others imply."""
    all_claims = {n: claims.get(n.rpartition(".")[0].replace(".", "_"), IMPLIED) for n in names if n.endswith((".yaml", ".yml"))}
    pairing = pair(names, all_claims)
    return {candidate.sidecar: candidate for candidate in pairing.candidates}, pairing


def faults(candidate: Candidate) -> str:
    return "\n".join(str(fault.message) for fault in candidate.faults)


@pytest.mark.parametrize(
    ("files", "claim", "belonging", "missing", "waits"),
    [
        (["report.pdf"], IMPLIED, ["report.pdf"], [], False),
        (["report.pdf", "report.xlsx", "other.pdf"], IMPLIED, ["report.pdf", "report.xlsx"], [], False),
        (["report.v2.pdf", "report-2.pdf", "reports.pdf"], IMPLIED, ["report.v2.pdf"], [], False),
        (["REPORT.PDF"], IMPLIED, ["REPORT.PDF"], [], False),
        (["report.pdf", "Report.pdf"], IMPLIED, ["report.pdf"], [], False),
        (["report"], IMPLIED, ["report"], [], False),
        ([], IMPLIED, [], [], True),
        (["other.pdf"], IMPLIED, [], [], True),
        ([], Claim(None, needs_files=False), [], [], False),
        (["report.pdf"], listed(), [], [], False),
        ([], listed(), [], [], False),
        (["report.pdf", "a.pdf"], listed("a.pdf"), ["a.pdf"], [], False),
        (["a.pdf"], listed("a.pdf", "b.pdf"), ["a.pdf"], ["b.pdf"], False),
        (["A.PDF"], listed("a.pdf"), ["A.PDF"], [], False),
        (["A.PDF", "a.pdf"], listed("a.pdf"), ["a.pdf"], [], False),
        (["A.PDF", "a.pdf"], listed("a.pdf", "A.PDF"), ["A.PDF", "a.pdf"], [], False),
        (["Straße.pdf"], listed("STRASSE.pdf"), ["Straße.pdf"], [], False),
        ([unicodedata.normalize("NFD", "café.pdf")], listed("café.pdf"), [unicodedata.normalize("NFD", "café.pdf")], [], False),
    ],
)
def test_a_sidecar_speaks_for_what_it_lists_or_what_is_named_as_it_is(
    files: list[str], claim: Claim, belonging: list[str], missing: list[str], waits: bool
) -> None:
    found, pairing = drops([*files, "report.yaml"], report=claim)
    candidate = found["report.yaml"]
    assert (list(candidate.files), list(candidate.missing), candidate.waits) == (belonging, missing, waits)
    assert sorted(candidate.matched.values()) == belonging
    assert not candidate.faults
    assert set(pairing.loose) == set(files) - set(belonging)


@pytest.mark.parametrize(
    ("files", "claim", "said"),
    [
        (["A.pdf", "a.PDF"], listed("a.pdf"), "may be `A.pdf` and `a.PDF`"),
        (["café.pdf", unicodedata.normalize("NFD", "café.pdf")], listed("café.pdf"), "rename one"),
        (["REPORT.pdf", "Report.pdf"], IMPLIED, "one name to Windows"),
        (["report.pdf", "report.PDF"], IMPLIED, "one name to Windows"),
        (["A.pdf"], listed("a.pdf", "A.pdf"), "the same file"),
        ([], listed("report.yaml"), "this sidecar itself"),
    ],
)
def test_what_could_be_two_files_is_refused_and_goes_along(files: list[str], claim: Claim, said: str) -> None:
    found, pairing = drops([*files, "report.yaml"], report=claim)
    assert said in faults(found["report.yaml"])
    assert list(found["report.yaml"].files) == sorted(files)
    assert pairing.loose == ()


def test_the_sidecar_of_a_whole_name_goes_before_the_shorter_one() -> None:
    found, pairing = drops(["report.yaml", "report.pdf.yaml", "report.pdf", "report.xlsx"])
    assert found["report.pdf.yaml"].files == ("report.pdf",)
    assert found["report.yaml"].files == ("report.xlsx",)
    assert not any(candidate.faults for candidate in pairing.candidates)


def test_the_sidecar_of_a_whole_name_takes_what_is_named_after_it() -> None:
    found, _ = drops(["report.pdf.yaml", "report.pdf", "report.pdf.asc", "report.xlsx"])
    assert found["report.pdf.yaml"].files == ("report.pdf", "report.pdf.asc")


def test_an_explicit_claim_on_a_file_with_a_sidecar_of_its_own_refuses_both() -> None:
    found, _ = drops(["report.yaml", "report.pdf.yaml", "report.pdf"], report=listed("report.pdf"))
    assert "`report.pdf.yaml`" in faults(found["report.yaml"])
    assert "`report.yaml`" in faults(found["report.pdf.yaml"])


@pytest.mark.parametrize(
    ("names", "claims"),
    [
        (["a.yaml", "b.yaml", "x.pdf"], {"a": listed("x.pdf"), "b": listed("x.pdf")}),
        (["a.yaml", "b.yaml", "x.pdf"], {"a": listed("x.pdf"), "b": listed("X.PDF")}),
        (["a.yaml", "b.yaml", "a.pdf"], {"b": listed("a.pdf")}),
        (["a.yaml", "b.yaml"], {"a": listed("b.yaml"), "b": listed("a.yaml")}),
        (["a.yaml", "a.b.yaml", "a.b.pdf"], {}),
        (["a.yaml", "A.yaml", "a.pdf"], {}),
        (["a.yaml", "a.yml", "a.pdf"], {}),
        (["a.yaml", "a.yml", "x.pdf", "y.pdf"], {"a": listed()}),
    ],
)
def test_a_file_that_two_sidecars_claim_refuses_both_each_naming_the_other(names: list[str], claims: dict[str, Claim]) -> None:
    found, _ = drops(names, **claims)
    one, other = found.values()
    assert f"`{other.sidecar}`" in faults(one)
    assert f"`{one.sidecar}`" in faults(other)
    assert one.rivals == other.rivals
    assert {one.sidecar, other.sidecar, *one.files, *other.files} == one.rivals
    assert not set(one.files) & set(other.files)


def test_a_sidecar_is_no_attachment_unless_another_lists_it() -> None:
    found, _ = drops(["report.yaml", "report.data.yaml", "report.data.csv"], report=listed())
    assert found["report.yaml"].files == ()
    assert found["report.data.yaml"].files == ("report.data.csv",)

    found, pairing = drops(["a.yaml", "data.yaml", "data.pdf"], a=listed("data.yaml"))
    assert found["a.yaml"].files == ("data.yaml",)
    assert not found["a.yaml"].faults
    assert "data.yaml" not in found
    assert pairing.loose == ("data.pdf",)


def test_what_an_attachment_lists_counts_for_nothing() -> None:
    found, _ = drops(["a.yaml", "b.yaml", "c.yaml", "c.pdf"], a=listed("b.yaml"), b=listed("c.yaml"))
    assert set(found) == {"a.yaml", "c.yaml"}
    assert found["c.yaml"].files == ("c.pdf",)
    assert not any(candidate.faults for candidate in found.values())


def test_three_sidecars_that_list_each_other_in_a_circle_are_all_refused() -> None:
    found, _ = drops(["a.yaml", "b.yaml", "c.yaml"], a=listed("b.yaml"), b=listed("c.yaml"), c=listed("a.yaml"))
    assert len(found) == 3
    assert all(candidate.faults and candidate.rivals == set(found) for candidate in found.values())


def test_a_sidecar_that_is_still_being_written_holds_up_what_it_may_claim_and_refuses_nothing() -> None:
    pairing = pair(["a.yaml", "report.yaml", "report.pdf"], {"a.yaml": listed("report.pdf")})
    assert all(candidate.waits and not candidate.faults for candidate in pairing.candidates)


def test_names_that_are_not_utf_8_do_no_harm() -> None:
    name = b"caf\xe9.pdf".decode("utf-8", "surrogateescape")
    found, pairing = drops([name, name + ".yaml", "\udcff.txt"])
    assert found[name + ".yaml"].files == (name,)
    assert pairing.loose == ("\udcff.txt",)
    found, _ = drops([name, "a.yaml", "b.yaml"], a=listed(name), b=listed(name))
    faults(found["a.yaml"]).encode()


NAMES = st.sampled_from(
    [
        *("a.yaml", "A.yaml", "a.yml", "b.yaml", "a.pdf.yaml", "c.YAML"),
        *("a.pdf", "A.pdf", "a.PDF", "b.pdf", "c", "\u00e9.pdf", "e\u0301.pdf", "\udcff.pdf"),
    ]
)
CLAIMS = st.builds(Claim, st.none() | st.lists(NAMES | st.just("gone.pdf"), max_size=4).map(tuple), st.booleans())


@given(st.lists(NAMES, unique=True), st.dictionaries(NAMES, CLAIMS))
def test_every_name_goes_out_once_whatever_is_claimed(names: list[str], claims: dict[str, Claim]) -> None:
    pairing = pair(names, claims)
    out = [*pairing.loose, *(n for candidate in pairing.candidates for n in (candidate.sidecar, *candidate.files))]
    assert sorted(out) == sorted(names)
    for candidate in pairing.candidates:
        assert candidate.faults or candidate.waits or set(candidate.matched.values()) == set(candidate.files)
        assert bool(candidate.rivals) <= bool(candidate.faults)


@given(st.lists(st.text(min_size=1), unique=True), st.dictionaries(st.text(), CLAIMS))
def test_no_name_makes_pairing_fail(names: list[str], claims: dict[str, Claim]) -> None:
    pair(names, claims)
    pair_folder([*names, "item.yaml"], "item.yaml", Claim(tuple(names)))


@pytest.mark.parametrize("kind", ["apart", "all claim one", "a chain", "many dots"])
@pytest.mark.timeout(60)
def test_ten_thousand_files_in_one_folder_are_paired_without_comparing_each_to_each(kind: str) -> None:
    claims = {f"s{i}.yaml": IMPLIED for i in range(5000)}
    names = [*claims, *(f"s{i}.pdf" for i in range(5000))]
    if kind == "all claim one":
        claims = dict.fromkeys(claims, listed("s1.pdf"))
    elif kind == "a chain":
        claims = {f"s{i}.yaml": listed(f"s{i + 1}.yaml") for i in range(5000)}
    elif kind == "many dots":
        names = [*claims, *(".".join("x" * 100) + str(i) for i in range(5000))]
    pair(names, claims)  # with every name compared to every other it would take many minutes


# Folder drops


def folder(names: list[str], claim: Claim | None = IMPLIED) -> Candidate:
    return pair_folder(names, "item.yaml" if "item.yaml" in names else "item.yml", claim)


def test_in_a_folder_drop_every_other_file_is_an_attachment() -> None:
    candidate = folder(["item.yaml", "a.pdf", "b.yaml", "c"])
    assert candidate.files == ("a.pdf", "b.yaml", "c")
    assert candidate.matched == {"a.pdf": "a.pdf", "b.yaml": "b.yaml", "c": "c"}
    assert not candidate.faults
    assert not candidate.waits


def test_in_a_folder_drop_a_list_says_exactly_which() -> None:
    candidate = folder(["item.yml", "a.pdf", "b.pdf"], listed("A.PDF", "c.pdf"))
    assert (candidate.sidecar, candidate.files, candidate.missing) == ("item.yml", ("a.pdf",), ("c.pdf",))


def test_a_folder_with_both_sidecars_is_refused() -> None:
    candidate = folder(["item.yml", "item.yaml", "a.pdf"])
    assert (candidate.sidecar, candidate.files) == ("item.yaml", ("a.pdf", "item.yml"))
    assert "`item.yaml` and `item.yml`" in faults(candidate)


def test_a_folder_with_nothing_but_a_sidecar_waits() -> None:
    assert folder(["item.yaml"]).waits
    assert folder(["item.yaml", "a.pdf"], None).waits
    assert not folder(["item.yaml"], listed()).waits
    assert not folder(["item.yaml"], Claim(None, needs_files=False)).waits


def test_two_files_of_one_name_in_a_folder_drop_are_refused() -> None:
    assert "one name to Windows" in faults(folder(["item.yaml", "a.pdf", "A.pdf"]))
