"""Deleting persons: what goes, what stays, and what must not come back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import DELETIONS, id64
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.journal.reader import SET_ASIDE, JournalReader
from backsight_collector.journal.records import (
    Capture,
    Erased,
    Record,
    Revocation,
    decode_record,
    encode_record,
)
from backsight_collector.lake.compaction import Compactor, compact
from captures import (
    NOW,
    SITE,
    assert_sound,
    batch,
    capture,
    click,
    identities,
    identity,
    stored,
    write_journal,
)
from deleting import (
    ADA,
    BOB,
    MARKERS,
    SECOND,
    THEN,
    ask,
    delete,
    fold_all,
    found_below,
    of_ada,
    of_bob,
    rows,
    said,
)


def test_nothing_of_a_deleted_person_stands_in_any_file(tmp_path: Path) -> None:
    """No file below the data folder holds a marker, raw or decompressed; others' rows are as they were."""
    write_journal(tmp_path / "without", of_bob())
    fold_all(tmp_path / "without")
    data = tmp_path / "data"
    write_journal(data, [*of_ada()[:1], *of_bob()])
    fold_all(data)
    write_journal(data, of_ada()[1:])
    assert {marker for _, marker in found_below(data)} == set(MARKERS)
    done = delete(data, ADA)
    assert found_below(data) == set()
    assert rows(data) == rows(tmp_path / "without")
    assert_sound(data)
    counts = {name: (each.rows, each.blanked) for name, each in done.tables.items()}
    assert counts == {"events": (4, 0), "dead_letters": (1, 0), "statements": (2, 0)}
    assert (done.rows_left, done.journal_records) == (0, 2)  # the oldest segment was trimmed


def test_of_a_shared_device_only_the_persons_own_rows_go(tmp_path: Path) -> None:
    """The first user's deletion takes the device's anonymous past along, and leaves the other user's rows."""
    shared: dict[str, Any] = {"device": "kiosk"}
    first = said("identify", 2, user="ada@shop.example")
    records = [
        capture(batch("anonymous", [click(0)], **shared)),
        capture(batch("hers", [first], **shared, batch="2")),
        capture(batch("his", [said("click", 9, node=2)], user="bob", **shared, batch="3"), NOW + 5),
    ]
    write_journal(tmp_path, records)
    done = delete(tmp_path, ADA)
    assert identities(tmp_path) == [identity("his", 9)]
    assert [row["user_id"] for row in stored(tmp_path, "statements")] == ["bob"]
    assert done.extent.kept == {(id64("device", "kiosk"), BOB)}
    delete(tmp_path, id64("device", "kiosk"), at=THEN + 1, name="del_2")
    assert identities(tmp_path) == []


def test_a_second_users_deletion_leaves_the_first_users_device(tmp_path: Path) -> None:
    """Of a device whose first user stays, nothing goes but what bears the deleted user."""
    records = [
        capture(batch("his", [click(0)], user="bob", device="kiosk")),
        capture(batch("hers", [click(0)], user="ada@shop.example", device="kiosk", batch="2"), NOW + 5),
        capture(batch("later", [click(0)], device="kiosk", batch="3"), NOW + 6),
    ]
    write_journal(tmp_path, records)
    done = delete(tmp_path, ADA)
    assert identities(tmp_path) == sorted([identity("his", 0), identity("later", 0)])
    assert done.extent.pairs == {(id64("device", "kiosk"), ADA)}


def test_a_row_that_counts_as_somebody_elses_stays_without_the_user(tmp_path: Path) -> None:
    """Where the pair was revoked, the event is the device's first user's: it loses the deleted id alone."""
    hers = {**said("traits", 1, traits={"plan": "pro"})}
    write_journal(
        tmp_path,
        [
            capture(batch("his", [click(0)], user="bob", device="kiosk")),
            capture(
                batch("hers", [click(0), hers], user="ada@shop.example", device="kiosk", batch="2"), NOW + 5
            ),
        ],
    )
    fold_all(tmp_path)
    observed = [row["statement_id"] for row in stored(tmp_path, "statements") if row["kind"] == "observed"]
    (of_her,) = [
        row["statement_id"]
        for row in stored(tmp_path, "statements")
        if row["kind"] == "observed" and row["user"] == ADA
    ]
    assert len(observed) == 2
    write_journal(tmp_path, [Revocation(NOW + 9, SITE, "st_revocation", of_her)], "admin")
    done = delete(tmp_path, ADA)
    assert {name: (each.rows, each.blanked) for name, each in done.tables.items()} == {
        "events": (0, 2), "dead_letters": (0, 0), "statements": (2, 1),
    }  # fmt: skip
    assert identities(tmp_path) == sorted([identity("his", 0), identity("hers", 0), identity("hers", 1)])
    assert {row["user"] for row in stored(tmp_path, "events")} == {None, BOB}
    assert found_below(tmp_path) == set()


def test_what_was_acknowledged_before_goes_though_it_was_not_folded(tmp_path: Path) -> None:
    """The deletion waits for the other journals; who identifies there alone is found, too."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    ask(tmp_path, ADA)
    committer = Committer(tmp_path, CommitterSettings(fold_bytes=1))
    while committer.step().more:
        pass
    committer.close()
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])
    assert found_below(tmp_path) == set()


def test_what_arrives_late_does_not_come_back_and_what_is_new_does(tmp_path: Path) -> None:
    """Of a deleted person's device, what happened before is dropped for ever, and erased from the journal;
    what happens later is a new person, who is observed anew."""
    write_journal(tmp_path, of_ada())
    delete(tmp_path, ADA)
    hour = 3_600 * SECOND
    kept_offline = batch("a9", [click(0, text="Ada's own words")], device="device-of-ada", batch="9")
    kept_offline["sent_at"] = (THEN + 48 * hour) // 1000
    unknown_device = {**batch("a10", [click(0)], device="d10", user="ada@shop.example", batch="10")}
    write_journal(
        tmp_path, [capture(kept_offline, THEN + 48 * hour), capture(unknown_device, THEN + SECOND // 2)]
    )
    committer = fold_all(tmp_path)
    assert committer.status.deleted_late == 2
    assert rows(tmp_path) == {"events": [], "statements": [], "dead_letters": []}
    assert found_below(tmp_path) == set()
    now = THEN + hour
    back = batch("a11", [{**click(0), "time": now // 1000}], device="device-of-ada", user="ada@shop.example")
    write_journal(tmp_path, [capture({**back, "batch": "11", "sent_at": now // 1000}, now)])
    fold_all(tmp_path)
    assert identities(tmp_path) == [identity("a11", 0)]
    assert [row["kind"] for row in stored(tmp_path, "statements")] == ["observed"]


@pytest.mark.parametrize("restarts", [False, True], ids=["the same committer", "a new one"])
def test_a_batch_that_comes_again_later_with_its_old_clock_is_known(tmp_path: Path, restarts: bool) -> None:
    """The same bytes, sent again after the deletion, would seem newer than it by their delay: they are told
    by their identity, rejected events as well."""
    write_journal(tmp_path, of_ada())
    ask(tmp_path, ADA)
    committer = Committer(tmp_path)
    while committer.step().more:
        pass
    if restarts:
        committer.close()
        committer = Committer(tmp_path)
    write_journal(tmp_path, [Capture(THEN + 3_600 * SECOND, *list(_fields(each))[1:]) for each in of_ada()])
    committer.step()
    assert committer.status.duplicates >= 4
    committer.close()
    assert rows(tmp_path) == {"events": [], "statements": [], "dead_letters": []}


def _fields(record: Capture) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in record.__struct_fields__)


def test_another_site_is_left_alone(tmp_path: Path) -> None:
    """Equal ids of another site are somebody else's."""
    elsewhere = [Capture(each.received_at, "blog", each.user_agent, each.body) for each in of_ada()]
    write_journal(tmp_path, [*elsewhere, *of_ada()])
    delete(tmp_path, ADA)
    assert {site for site, _, _ in identities(tmp_path)} == {"blog"}
    assert len(identities(tmp_path)) == 4
    held = JournalReader(tmp_path / "journal" / "collector").read(0, 2**30)
    assert [type(decode_record(record.payload)) for record in held] == [Capture] * 3 + [Erased] * 3


def test_files_of_earlier_versions_and_leftovers_go_too(tmp_path: Path) -> None:
    """What compaction has replaced, and what a kill left half written, holds the person as well."""
    for each in [*of_ada(), *of_bob()]:
        write_journal(tmp_path, [each])
        fold_all(tmp_path)
    compact(tmp_path, vacuum_hours=None)
    events = tmp_path / "lake" / "events"
    whole = next(events.rglob("*.parquet"))
    (whole.parent / "half-written.parquet").write_bytes(whole.read_bytes()[:-100])
    done = delete(tmp_path, ADA)
    assert found_below(tmp_path) == set()
    assert done.tables["events"].stale_files >= 4
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])


def test_a_merge_under_way_brings_nothing_back(tmp_path: Path) -> None:
    """What was merged before the deletion and is not committed yet is thrown away, not committed after it."""
    for each in [*of_ada(), *of_bob()]:
        write_journal(tmp_path, [each])
        fold_all(tmp_path)
    committer = Committer(tmp_path)
    committer._opened().compactor = Compactor(committer._opened().lake, 2)
    committer.tidy()
    ask(tmp_path, ADA)
    while committer.step().more:
        committer.tidy()
    committer.tidy()
    committer.close()
    assert identities(tmp_path) == sorted([identity("b", 0), identity("b", 1)])
    assert found_below(tmp_path) == set()


def test_set_aside_bytes_that_name_the_person_go(tmp_path: Path) -> None:
    """Damaged stretches and records that could not be folded are deleted where an id stands in them."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    folder = tmp_path / "journal" / "collector" / SET_ASIDE
    folder.mkdir()
    (folder / "1-32.bytes").write_bytes(b'{"x": 1, "device":"device-of-ada", "text":"Ad')
    (folder / "7.record").write_bytes(encode_record(of_ada()[1]))
    (folder / "9.bytes").write_bytes(b'"device":"device-of-bob"')
    done = delete(tmp_path, ADA)
    assert [path.name for path in folder.iterdir()] == ["9.bytes"]
    assert done.set_aside_files == 2


def test_a_dead_letter_that_names_the_person_goes_whoever_sent_it(tmp_path: Path) -> None:
    """An `identify` that was refused on a new device, and a body that could not be read, name her too."""
    refused = {**said("identify", 3, user="ada@shop.example"), "seq": -1}
    other = capture(batch("x", [refused, said("click", -5)], device="new-device", batch="x"))
    torn = Capture(NOW, SITE, None, b'{"device":"device-of-ada","events":[')
    row = {**said("click", -6), "text": "2026-10-20,device-of-ada-2,Bought"}
    file = capture(batch("y", [row], device="a file", batch="y"))
    write_journal(tmp_path, [*of_ada(), other, torn, file])
    delete(tmp_path, ADA)
    left = stored(tmp_path, "dead_letters")
    assert [(row["batch"], row["index"], row["device"]) for row in left] == [
        ("x", 1, id64("device", "new-device"))
    ]


def test_a_deletion_of_nobody_changes_no_file(tmp_path: Path) -> None:
    """Whoever never was here leaves every file and every version as it is."""
    write_journal(tmp_path, [*of_ada(), *of_bob()])
    fold_all(tmp_path)
    files = {path for path in (tmp_path / "lake").rglob("*.parquet") if "checkpoint" not in path.name}
    done = delete(tmp_path, id64("user", "nobody"))
    assert {path for path in (tmp_path / "lake").rglob("*.parquet") if "checkpoint" not in path.name} == files
    assert all(each.files == 0 and each.versions[0] == each.versions[1] for each in done.tables.values())


def test_the_document_of_a_deletion_holds_no_ids(tmp_path: Path) -> None:
    """Numbers alone: neither what anybody is called nor what they did."""
    write_journal(tmp_path, of_ada())
    delete(tmp_path, ADA)
    text = (tmp_path / "lake" / DELETIONS / "del_1.json").read_bytes()
    assert not any(marker in text for marker in MARKERS)
    assert json.loads(text)["extent"]["users"] == [ADA]


# ── Against a world in which these persons never were ───────────────────────────────────────────────────────

USERS, DEVICES = ("u1", "u2", "u3"), ("d1", "d2", "d3")
STEP = st.fixed_dictionaries(
    {
        "device": st.sampled_from(DEVICES),
        "user": st.one_of(st.none(), st.sampled_from(USERS)),
        "does": st.sampled_from(["click", "identify", "traits", "bad"]),
        "as": st.sampled_from(USERS),
    }
)


def captures_of(steps: list[Mapping[str, Any]]) -> list[Capture]:
    return [_capture(number, step) for number, step in enumerate(steps)]


def _capture(number: int, step: Mapping[str, Any]) -> Capture:
    event = {
        "click": said("click", 0, node=2),
        "identify": said("identify", 0, user=step["as"], traits={"n": number}),
        "traits": said("traits", 0, traits={"m": number}),
        "bad": said("click", -1),
    }[step["does"]]
    at = NOW + number * SECOND
    sent = batch(f"p{number}", [{**event, "time": at // 1000}], device=step["device"], batch=f"{number}")
    return capture({**sent, "user": step["user"], "sent_at": at // 1000}, at)


def persons_of(steps: list[Mapping[str, Any]]) -> list[int]:
    """Naively: who is behind each step, by all pairs that were ever said, first said first."""
    pairs: list[tuple[str, str]] = []
    for step in steps:
        if step["does"] == "bad":
            continue  # a rejected event says nothing
        user = step["as"] if step["does"] == "identify" else None
        for name in (user, None if user else step["user"]):
            if name is not None and (step["device"], name) not in pairs:
                pairs.append((step["device"], name))
        if user is not None and step["user"] is not None and (step["device"], step["user"]) not in pairs:
            pairs.append((step["device"], step["user"]))
    first = dict(reversed(pairs))
    found = []
    for step in steps:
        user = step["as"] if step["does"] == "identify" else step["user"]
        owner = user if (step["device"], user) in pairs else first.get(step["device"])
        found.append(id64("user", owner) if owner else id64("device", step["device"]))
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, max_size=10), st.sets(st.sampled_from([*USERS, *DEVICES]), min_size=1, max_size=2))
def test_who_was_deleted_might_never_have_been(steps: list[Mapping[str, Any]], gone: set[str]) -> None:
    """What is left are the events of all others: by a naive reading of who is behind each."""
    named = {id64("user" if name.startswith("u") else "device", name) for name in gone}
    owners = persons_of(steps)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        records: list[Record] = list(captures_of(steps))
        write_journal(data, records)
        done = delete(data, *named, at=NOW + 1_000 * SECOND)
        asked = set(done.extent.users)
        expected = [
            identity(f"p{number}", 0)
            for number, (step, owner) in enumerate(zip(steps, owners, strict=True))
            if step["does"] != "bad" and owner not in asked
        ]
        assert identities(data) == sorted(expected)
        assert not {row["user"] for row in stored(data, "statements")} & asked
        users = {row["user"] for row in stored(data, "events")} | {
            row["user"] for row in stored(data, "dead_letters")
        }
        assert not users & asked
        assert_sound(data)
