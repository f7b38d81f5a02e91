"""What is offered to whoever writes a sidecar: keys with what they can be, and no type that they may not know of."""

from __future__ import annotations

from pathlib import Path

from kit.records import JOOST, PETRA, Records

from desk.actions import schemas

SETTINGS = """\
items: {statuses: [new, "a: b"], closed: ["a: b"], labels: ["on"]}
types: {wwft: {share: never, staff: [j.admin], fields: {suspicion: text}}, advice: {share: approval, fields: {until: date}}}
"""


def test_each_key_is_offered_with_what_it_can_be_and_no_type_that_the_reader_may_not_know_of(tmp_path: Path) -> None:
    office = Records(tmp_path / "office", settings=SETTINGS)
    try:
        hers, theirs = ({one.word: one for one in schemas.sidecar_keys(office.office, actor, "nl")} for actor in (PETRA, JOOST))
        assert (hers["status"].values, hers["labels"].values) == (["new", "'a: b'"], ["on"])
        assert hers["delen"].values == hers["share"].values == ["yes", "no", "ja", "nee"]
        assert hers["type"].values == ["advice"]
        assert "wwft" not in str(hers)
        assert not [one.about for one in theirs.values() if " " not in one.about]  # all are sentences
        assert set(theirs["type"].values) == {"wwft", "advice"}
        assert theirs.keys() - hers.keys() == {"suspicion"}
    finally:
        office.close()
