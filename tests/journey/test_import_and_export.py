"""`backsight import` and `backsight export`: real folders, real processes, killed in the midst."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import backsight as bs
from backsight.cli import main
from backsight.sites import create_site
from backsight.store.sqlite import SQLiteStore
from backsight_collector.committer import Committer, CommitterSettings
from backsight_collector.dialects.imported import read_part
from backsight_collector.journal.reader import JournalReader
from backsight_collector.journal.records import Capture, decode_record
from backsight_collector.lake.lake import LakeLock
from captures import stored
from importing import NOW, iso, ndjson

DAY = 86_400


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a site, and nothing else."""
    folder = tmp_path / "data"
    folder.mkdir()
    with SQLiteStore(folder / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
    return folder


def run(*arguments: object, text: bytes | None = None) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(main, [str(each) for each in arguments], input=text)


def history(rows: int) -> list[dict[str, Any]]:
    """Rows of ten persons over a year, every third anonymous, out of order."""
    return [
        {
            "event": ["Viewed", "Added", "Bought"][n % 3],
            "properties": {
                "time": NOW // 1_000 - DAY - (n * 7_919 % 365) * DAY - n,
                "$insert_id": f"i{n}", "$device_id": f"d{n % 10}", "n": n,
                "distinct_id": f"$device:d{n % 10}" if n % 3 == 0 else f"u{n % 10}",
            },
        }
        for n in range(rows)
    ]  # fmt: skip


def test_history_comes_in_once_and_is_asked_at_once(tmp_path: Path, data: Path) -> None:
    """Without a server: every row in its day, persons put together, bad rows kept aside; a second time is
    refused, and forced it doubles nothing within a day."""
    rows = history(200)
    path = ndjson(tmp_path / "export.json", [*rows[:150], {"event": "?"}, *rows[150:]])
    done = run("import", "--data", data, "--site", "shop", path)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].startswith("export.json: mixpanel (times are taken as UTC; ")
    assert "200 events of 10 persons imported, on " in done.stdout
    assert (
        "1 row could not be; they are kept as dead letters:\n  bad_event: 1\n    export.json:151: "
        in done.stdout
    )
    events = stored(data, "events")
    assert Counter(json.loads(each["props"])["n"] for each in events) == dict.fromkeys(range(200), 1)
    days = Counter(str(each["date"]) for each in events)
    assert days == Counter(iso(row["properties"]["time"])[:10] for row in rows)
    (letter,) = stored(data, "dead_letters")
    assert (letter["index"], letter["detail"].split(": ")[0]) == (150, "export.json:151")
    with bs.open(data, site="shop") as site:
        persons = site.trend({"measure": "persons", "on": "track", "name": "Added"}, since="400d").answer[
            "series"
        ][0]["total"]
    assert persons == 10
    again = run("import", "--data", data, "--site", "shop", path)
    assert again.exit_code == 1
    assert "was imported before" in again.stderr
    assert "nothing is left to import. Valid: other files; or --again." in again.stderr
    assert run("import", "--data", data, "--site", "shop", "--again", path).exit_code == 0
    assert len(stored(data, "events")) == 200


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path, data: Path) -> None:
    """The first rows in our terms, and the counts."""
    done = run(
        "import", "--data", data, "--site", "shop", "--dry-run", ndjson(tmp_path / "a.json", history(7))
    )
    assert done.exit_code == 0, done.output
    assert "7 events of 7 persons would be imported" in done.stdout
    assert "track" in done.stdout
    assert not (data / "imports").exists()
    assert not (data / "journal" / "import").exists()


def test_a_dry_run_shows_what_events_become(tmp_path: Path, data: Path) -> None:
    """Also of an export of PostHog's, whose events only its door's decoder understands."""
    event = {
        "event": "$pageview",
        "uuid": "0198a1f0-8f5e-7c3c-9d53-3f5d0d6f3a11",
        "timestamp": "2026-08-01T10:00:00Z",
    }
    properties = {"$device_id": "dev", "$lib": "web", "$current_url": "https://shop.example/a"}
    row = {**event, "distinct_id": "ada", "properties": properties, "elements_chain": ""}
    deep: dict[str, object] = {}
    for _ in range(40):
        deep = {"a": deep}
    rows = [row, {**row, "event": "Deep", "properties": {**properties, "deep": deep}}]
    done = run("import", "--data", data, "--site", "shop", "--dry-run", ndjson(tmp_path / "a.json", rows))
    assert done.exit_code == 0, done.output
    shown = [line.split() for line in done.stdout.splitlines() if line.startswith(("2026-08-01", "refused"))]
    assert shown[0][:6] == ["2026-08-01", "10:00:00", "pageview", "ada", "dev", "https://shop.example/a"]
    assert shown[1][0] == "refused"


def test_files_without_rows_are_left_out(tmp_path: Path, data: Path) -> None:
    """Exports have them for hours in which nothing happened; the others of their folder come in."""
    folder = tmp_path / "export"
    folder.mkdir()
    ndjson(folder / "a.json", history(3))
    (folder / "b.json").write_bytes(b"")
    (folder / "c.csv").write_bytes(b"\n")
    done = run("import", "--data", data, "--site", "shop", "--dry-run", folder)
    assert done.exit_code == 0, done.output
    assert "b.json: has no rows, and is left out.\nc.csv: has no rows, and is left out.\n" in done.stdout
    assert "3 events of 3 persons would be imported" in done.stdout
    alone = run("import", "--data", data, "--site", "shop", folder / "b.json")
    assert alone.exit_code == 1
    assert "nothing is left to import" in alone.stderr


def test_standard_input_and_other_options(tmp_path: Path, data: Path) -> None:
    """A plain table through a pipe, with its columns said; an import is gone on with by the same options
    alone."""
    table = f"wann;was;wer\n{iso(NOW / 1_000 - DAY)};Kauf;ada\n".encode()
    mapped = ["--map", "time=wann", "--map", "event=was", "--map", "user=wer", "--timezone", "Europe/Berlin"]
    done = run("import", "--data", data, "--site", "shop", *mapped, "-", text=table)
    assert done.exit_code == 0, done.output
    (event,) = stored(data, "events")
    assert event["name"] == "Kauf"
    assert 3_600 <= (NOW / 1_000 - DAY) - event["time"].timestamp() <= 7_200 + 1
    assert run("import", "--data", data, "--site", "shop", "--map", "time", "-", text=table).exit_code == 2
    assert (
        run("import", "--data", data, "--site", "shop", "--timezone", "Mars", "-", text=table).exit_code == 2
    )
    unclear = run("import", "--data", data, "--site", "shop", "-", text=b"a,b\n1,2\n")
    assert unclear.exit_code == 1
    assert "the format is not clear; its first rows have these fields: a, b." in unclear.stderr


def test_what_a_killed_import_of_standard_input_left_is_deleted(data: Path) -> None:
    """A copy of everything that came in: the next such import takes it away, but none that is in use."""
    (data / "imports").mkdir()
    left, in_use = (data / "imports" / f"standard-input-{name}" for name in ("left", "used"))
    left.write_bytes(b"ada@shop.example")
    with in_use.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = run("import", "--data", data, "--site", "shop", "-", text=json.dumps(history(1)[0]).encode())
        assert done.exit_code == 0, done.output
        assert [path.name for path in (data / "imports").glob("standard-*")] == ["standard-input-used"]


def _rows_in_journal(data: Path) -> list[int]:
    """The number of every row that the import's journal holds."""
    found: list[int] = []
    position = 0
    while records := JournalReader(data / "journal" / "import").read(position, 16_000_000):
        position = records[-1].position
        for record in records:
            capture = decode_record(record.payload)
            assert isinstance(capture, Capture)
            found += [row for entry in read_part(capture.body).entries for row in entry.rows]
    return found


def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path, data: Path) -> None:
    """kill -9 again and again, with nobody folding: the journal holds every row once, without any help from
    what drops repeated events later; then it is folded, and so does the lake."""
    rows = history(4_000)
    path = ndjson(tmp_path / "export.json", rows)
    command = [
        sys.executable,
        "-m",
        "backsight.cli",
        "import",
        "--data",
        str(data),
        "--site",
        "shop",
        str(path),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    lock = LakeLock(data / "lake")
    for parts in (1, 2, 3):
        process = _paused_at(parts * 1_000, command, environment, data)
        process.kill()
        process.communicate()
    process = _paused_at(4_000, command, environment, data)
    assert sorted(_rows_in_journal(data)) == list(range(4_000))
    lock.close()
    process.send_signal(signal.SIGCONT)
    told, _ = process.communicate()
    assert process.returncode == 0, told
    counted = Counter(json.loads(each["props"])["n"] for each in stored(data, "events"))
    assert counted == dict.fromkeys(range(4_000), 1)
    assert b"4,000 events" in told


def _paused_at(
    rows: int, command: list[str], environment: dict[str, str], data: Path
) -> subprocess.Popen[bytes]:
    """The import, halted as soon as the journal holds so many rows, and while that is looked at."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    while True:
        process.send_signal(signal.SIGSTOP)
        if len(_rows_in_journal(data)) >= rows:
            return process
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the import ended by itself: {process.returncode}")


def test_an_import_with_other_options_does_not_go_on(tmp_path: Path, data: Path) -> None:
    """What was begun is ended as it was begun: the message says how."""
    path = ndjson(tmp_path / "export.json", history(20))
    assert run("import", "--data", data, "--site", "shop", path).exit_code == 0
    (state,) = (data / "imports").glob("shop-*.json")
    state.write_text(json.dumps({**json.loads(state.read_bytes()), "finished": None}))
    other = run("import", "--data", data, "--site", "shop", "--timezone", "Asia/Tokyo", path)
    assert other.exit_code == 1
    assert (
        "its import was begun with --format mixpanel, and is at row 20. Valid: the same options"
        in other.stderr
    )


# ── Export ──────────────────────────────────────────────────────────────────────────────────────────────────

HIERARCHY = [
    {"index": 1, "indexOfType": 0, "tag": "button", "id": "buy", "classes": ["btn"]},
    {"index": 0, "indexOfType": 0, "tag": "body"},
]

CLICKED = {
    "[Amplitude] Element Hierarchy": HIERARCHY,
    "[Amplitude] Element Text": "Buy",
    "[Amplitude] Page URL": "https://shop.example/p?q=1",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Clicks and tracked events of two persons on three days, imported while another process's committer, as
    it were, folds; it goes on folding."""
    folder = tmp_path_factory.mktemp("filled")
    with SQLiteStore(folder / "backsight.sqlite") as store:
        for site in ("shop", "copy-parquet", "copy-csv", "copy-ndjson"):
            create_site(store, site, "test")
    stop = threading.Event()
    committer = Committer(folder, CommitterSettings(fold_seconds=0.05))
    thread = threading.Thread(target=committer.run, args=[stop])
    thread.start()
    rows: list[dict[str, Any]] = [
        {
            "$insert_id": f"a{n}", "amplitude_id": 1, "device_id": f"d{n % 2}",
            "user_id": "ada" if n % 2 else None, "session_id": 5, "user_properties": {"plan": "pro"},
            "event_type": "[Amplitude] Element Clicked" if n % 3 == 0 else "Added",
            "event_time": iso(NOW / 1_000 - DAY * (1 + n % 3)),
            "event_properties": {**CLICKED, "n": n},
        }
        for n in range(30)
    ]  # fmt: skip
    path = ndjson(tmp_path_factory.mktemp("rows") / "amplitude.json", rows)
    done = run("import", "--data", folder, "--site", "shop", path)
    assert done.exit_code == 0, done.output
    with bs.open(folder, site="shop") as site:
        site.define("Bought", css="#buy")
    yield folder
    stop.set()
    thread.join()
    committer.close()


def test_events_are_exported_by_day_with_their_persons_names_and_elements(
    tmp_path: Path, filled: Path
) -> None:
    """Parquet that another engine reads, the folder whole or not there, and never over anything."""
    done = run("export", "--data", filled, "--site", "shop", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"date={iso(NOW / 1_000 - DAY * n)[:10]}" for n in (3, 2, 1)
    ]
    sql = f"from read_parquet('{tmp_path}/out/*/*.parquet') where type in ('click', 'track')"
    found = duckdb.sql(f"select *, props->>'n' as n {sql} order by n::int").to_arrow_table().to_pylist()
    assert [int(each["n"]) for each in found] == list(range(30))
    clicks = [each for each in found if each["type"] == "click"]
    assert {(each["target_tag"], each["target_id"], each["selector"]) for each in clicks} == {
        ("button", "buy", "body > button#buy")
    }
    assert all(each["names"] == ["Bought"] for each in clicks)
    assert all(each["names"] == [] for each in found if each["type"] == "track")
    assert len({each["person"] for each in found}) == 2
    assert {each["user_id"] for each in found} == {"ada", None}
    again = run("export", "--data", filled, "--site", "shop", tmp_path / "out")
    assert again.exit_code == 1
    assert "never writes over it" in again.stderr
    assert not list(tmp_path.glob(".*.draft"))


@pytest.mark.parametrize("name", ["out.csv", "out.ndjson", "out.parquet"])
def test_one_file_holds_what_is_asked_for(tmp_path: Path, filled: Path, name: str) -> None:
    """Events of a name, of a range, of a property; in the form that the file's name says."""
    options = ["--event", "Bought", "--from", iso(NOW / 1_000 - 2 * DAY)[:10], "--where", "path=/p"]
    done = run("export", "--data", filled, "--site", "shop", tmp_path / name, *options)
    assert done.exit_code == 0, done.output
    found = duckdb.sql(f"select type, props from '{tmp_path / name}'").fetchall()
    wanted = [n for n in range(0, 30, 3) if 1 + n % 3 <= 2]
    assert (
        sorted(json.loads(props)["n"] if isinstance(props, str) else props["n"] for _, props in found)
        == wanted
    )
    assert {kind for kind, _ in found} == {"click"}


def test_an_export_that_fails_leaves_nothing(tmp_path: Path, filled: Path) -> None:
    """Neither the file nor a draft of it."""
    done = run("export", "--data", filled, "--site", "shop", tmp_path / "out.parquet", "--event", "Nobody")
    assert done.exit_code == 1
    assert "there is no named event" in done.stderr
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_persons_and_tables_are_exported_too(tmp_path: Path, filled: Path) -> None:
    """Persons with what is known of them; every other table as it is."""
    assert (
        run(
            "export", "--data", filled, "--site", "shop", tmp_path / "p.parquet", "--table", "persons"
        ).exit_code
        == 0
    )
    persons = {each["user_id"]: each for each in pq.read_table(tmp_path / "p.parquet").to_pylist()}
    assert set(persons) == {"ada", None}
    assert json.loads(persons["ada"]["traits"]) == {"plan": "pro"}
    assert persons["ada"]["events"] == 16  # 15, and one that told the traits
    for table in ("nodes", "elements", "statements", "dead_letters"):
        assert (
            run("export", "--data", filled, "--site", "shop", tmp_path / table, "--table", table).exit_code
            == 0
        )
        written = (
            pq.ParquetFile(tmp_path / table / f"{table}.parquet").metadata.num_rows
            if table != "dead_letters"
            else 0
        )
        assert written == len([each for each in stored(filled, table) if each["site"] == "shop"])


@pytest.mark.parametrize("form", ["parquet", "csv", "ndjson"])
def test_what_was_exported_can_be_imported_again(tmp_path: Path, filled: Path, form: str) -> None:
    """Into another site: the same events of as many persons, on the same elements, with the same traits."""
    assert run("export", "--data", filled, "--site", "shop", tmp_path / f"out.{form}").exit_code == 0
    done = run("import", "--data", filled, "--site", f"copy-{form}", tmp_path / f"out.{form}")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"out.{form}: backsight")
    sites: dict[str, list[dict[str, Any]]] = {"shop": [], f"copy-{form}": []}
    for each in stored(filled, "events"):
        sites.get(each["site"], []).append(each)
    compared = ("time", "type", "name", "sequence", "text", "host", "path", "query", "props", "node_id")
    one, other = (sorted(str([each[key] for key in compared]) for each in rows) for rows in sites.values())
    assert one == other
    traits = {
        site: {row["traits"] for row in stored(filled, "statements") if row["site"] == site} for site in sites
    }
    assert traits["shop"] == traits[f"copy-{form}"]
    for site in sites:
        with bs.open(filled, site=site) as opened:
            total = opened.trend({"measure": "persons", "on": "track", "name": "Added"}, since="30d").answer[
                "series"
            ][0]["total"]
        assert total == 2
