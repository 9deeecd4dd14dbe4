"""Persons are deleted: what is asked afterwards, who may ask for it, and what the audit trail tells."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.cli import main
from backsight.contract import id64
from backsight.data_directory import DataDirectory
from backsight.deletions import Deletions, requests
from backsight.engine import Engine
from backsight.errors import Gone, InvalidRequest, NotFound
from backsight.questions import Questions
from backsight.site import Site
from backsight.sites import create_site
from backsight.store.sqlite import SQLiteStore
from backsight_collector.committer import Committer
from backsight_collector.journal.records import Capture
from captures import NOW, batch, capture, write_journal
from query.api.asking import check, client, problem
from shop_site import secret_key, served

SECOND = 1_000_000
RANGE: dict[str, Any] = {"from_": "2026-11-01", "to": "2026-11-30"}
ADA = id64("user", "ada@shop.example")


def did(page: str, name: str, device: str, user: str | None = None, at: int = NOW, **fields: Any) -> Capture:
    """One tracked event, or an `identify` as the user in `name`."""
    kind = {"type": "identify", "user": name[1:]} if name.startswith("=") else {"type": "track", "name": name}
    event = {**kind, "page": 0, "seq": 0, "time": at // 1000, **fields}
    sent = batch(page, [event], device=device, user=user, batch=page, sent_at=at // 1000)
    return capture(sent, at)


def fold(data: Path) -> None:
    committer = Committer(data)
    while committer.step().more:
        pass
    committer.step()
    committer.close()


def make(data: Path, *captures: Capture) -> Path:
    """A data folder of the shop, in which this was captured."""
    with SQLiteStore(data / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
    write_journal(data, captures)
    fold(data)
    return data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ada looked, and bought; Bob looked."""
    return make(
        tmp_path / "data",
        did("1", "Looked", "d-ada"),
        did("2", "=ada@shop.example", "d-ada", at=NOW + SECOND, traits={"mail": "ada-mail"}),
        did("3", "Bought", "d-ada", "ada@shop.example", NOW + 2 * SECOND),
        did("4", "Looked", "d-bob", "bob", NOW + 3 * SECOND),
    )


LOOKED, BOUGHT = {"on": "track", "name": "Looked"}, {"on": "track", "name": "Bought"}


def reached(site: Questions) -> list[int]:
    return [step["count"] for step in site.funnel([LOOKED, BOUGHT], **RANGE).answer["steps"]]


# ── Reports ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_reports_follow_and_the_deletion_is_told(data: Path) -> None:
    """Who is deleted is in no report and no list; the deletion says what it removed."""
    with bs.open(data) as site:
        assert reached(site) == [2, 1]
        preview = site.preview_deletion("user:ada@shop.example", "device:d-bob")
        check("DeletionPreview", preview)
        assert preview["tables"] == {"events": 4, "statements": 2, "dead_letters": 0}
        assert sorted(each["user_id"] for each in preview["persons"]) == ["ada@shop.example", "bob"]
        done = site.delete_person("user:ada@shop.example")
        check("Deletion", done.to_json())
        assert (done.state, done.persons, done.rows_left, done.actor) == ("done", 1, 0, site.actor)
        assert {table: counts["rows"] for table, counts in done.tables.items()} == {
            "events": 3, "dead_letters": 0, "statements": 1,
        }  # fmt: skip
        assert reached(site) == [1, 0]
        assert [each.deletion for each in site.deletions()] == [done.deletion]
        for gone in ("user:ada@shop.example", "device:d-ada", str(ADA)):
            with pytest.raises(NotFound):
                site.person(gone)
            with pytest.raises(NotFound, match="no such person"):
                site.delete_person(gone)
        with pytest.raises(NotFound, match="no deletion 'del_x'"):
            site.deletion("del_x")


@pytest.mark.parametrize("persons", [[], ["ada"], [{"user": 1}], [{"email": "x"}]], ids=str)
def test_who_is_named_wrongly_is_refused(data: Path, persons: list[Any]) -> None:
    """The error names the field; nobody is deleted."""
    with bs.open(data) as site:
        with pytest.raises(InvalidRequest, match="persons"):
            site.delete_person(*persons)
        assert site.deletions() == []


def test_an_earlier_answer_is_gone_and_the_error_names_the_deletion(data: Path) -> None:
    """`as_of` before the deletion is never answered from what is left."""
    with bs.open(data) as site:
        earlier = site.funnel([LOOKED, BOUGHT], **RANGE)
        done = site.delete_person("user:ada@shop.example")
        with pytest.raises(Gone, match=done.deletion):
            earlier.again()
        later = site.funnel([LOOKED, BOUGHT], **RANGE)
        assert later.again().answer["steps"] == later.answer["steps"]


def test_sql_follows(data: Path) -> None:
    """Who is deleted is in no row of a statement, and an answer of before can't be had again."""
    users = "select user_id from persons order by user_id"
    with bs.open(data) as site:
        earlier = site.sql(users)
        assert earlier.rows == [["ada@shop.example"], ["bob"]]
        site.delete_person("user:ada@shop.example")
        assert site.sql(users).rows == [["bob"]]
        assert site.sql("select count(*) from raw_events").rows == [[1]]
        with pytest.raises(Gone):
            earlier.again()


def test_a_question_whose_files_go_while_it_is_answered_is_asked_again(data: Path) -> None:
    """A report that was under way gives the figures without the person, not an error."""
    with bs.open(data) as site:
        assert isinstance(site, Site)
        question = site.ask("funnel", {"steps": [LOOKED, BOUGHT], "from": "2026-11-01", "to": "2026-11-30"})
        site.delete_person("user:ada@shop.example")
        answer, _ = question.answer()
        assert [step["count"] for step in answer["steps"]] == [1, 0]


def test_another_process_lets_go_of_what_it_keeps(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept for later questions is forgotten with the first question after it, and not before."""
    forgotten: list[Engine] = []
    forget = Engine.forget
    monkeypatch.setattr(Engine, "forget", lambda self: (forgotten.append(self), forget(self)))
    with bs.open(data) as other, bs.open(data) as site:
        assert isinstance(other, Site)
        assert reached(other) == [2, 1]
        assert forgotten == []
        site.delete_person("user:ada@shop.example")
        assert reached(other) == [1, 0]
        assert forgotten.count(other._engine) == 1
        assert reached(other) == [1, 0]
        assert forgotten.count(other._engine) == 1


def test_static_cohorts_lose_the_person_in_every_version(data: Path) -> None:
    """The lists of all versions are rewritten, and so is the database's file."""
    with bs.open(data) as site:
        site.define_cohort("Testers", users=["ada@shop.example", "bob"])
        site.define_cohort("Testers", users=["ada@shop.example"], devices=["d-ada", "d-bob"])
        site.delete_person("user:ada@shop.example")
        assert [cohort.members for cohort in site.cohort_history("Testers")] == [1, 1]
    gone = [each.to_bytes(8, "little", signed=True) for each in (ADA, id64("device", "d-ada"))]
    for path in data.glob("backsight.sqlite*"):
        assert not any(each in path.read_bytes() for each in gone)


def test_the_audit_trail_proves_the_deletion_without_naming_anybody(data: Path) -> None:
    """One line for the request, one for what was done; who knows the id can check that it was this person."""
    with bs.open(data) as site:
        done = site.delete_person("user:ada@shop.example")
        site.deletions()
        told, asked = site.audit(action="person.deleted"), site.audit(action="person.delete")
    assert [line.subject for line in [*told, *asked]] == [done.deletion] * 2
    detail = json.loads(json.dumps(asked[0].detail))
    text = f"{detail['salt']}user:ada@shop.example"
    assert detail["sha256"] == [sha256(text.encode()).hexdigest()]
    proof = json.loads(json.dumps(told[0].detail))
    assert (proof["rows_left"], proof["tables"]["events"]["rows"]) == (0, 3)
    assert proof["tables"]["events"]["versions"]["after"] > proof["tables"]["events"]["versions"]["before"]
    files = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(marker in text for text in files for marker in (b"ada@shop", b"d-ada", b"ada-mail"))


def test_without_anybody_asking_the_server_tells_the_trail(data: Path) -> None:
    """A deletion that ends while nobody waits for it gets its line all the same, once."""
    with bs.open(data) as site:
        asked = site.deletion_requests("somebody").request({"persons": ["user:bob"]})
    assert asked["state"] == "requested"
    fold(data)
    directory = DataDirectory(data, threads=1)
    try:
        assert directory.notice_deletions()
        assert not directory.notice_deletions()
        lines = directory.store.audit_lines("shop", action="person.deleted")
        assert [line.subject for line in lines] == [asked["deletion"]]
        assert Deletions(data / "lake", directory.store, "shop").settle() == []
    finally:
        directory.close()


# ── Doors ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def url(data: Path) -> Iterator[str]:
    """Where the shop's API is served."""
    with served(data) as address:
        yield address


def test_the_api_accepts_a_deletion_and_tells_how_far_it_is(data: Path, url: str) -> None:
    """202 with a status document; later what was done."""
    with client(url, secret_key(data, "admin")) as api:
        response = api.delete("/v1/persons/user:ada@shop.example")
        assert response.status_code == 202
        check("Deletion", response.json())
        assert response.json()["state"] == "requested"
        path = f"/v1/deletions/{response.json()['deletion']}"
        fold(data)
        done = api.get(path).json()
        check("Deletion", done)
        assert (done["state"], done["tables"]["events"]["rows"]) == ("done", 3)
        listed = api.get("/v1/deletions").json()
        check("Deletions", listed)
        assert listed["deletions"] == [done]
        assert problem(api.delete("/v1/persons/user:ada@shop.example"), 404)["field"] == "persons"
        problem(api.delete("/v1/persons/nobody"), 400)
        problem(api.get("/v1/deletions/del_0"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/persons/user:bob"), ("POST", "/v1/deletions"), ("POST", "/v1/deletions/preview"),
        ("GET", "/v1/deletions"), ("GET", "/v1/deletions/del_1"),
    ],
)  # fmt: skip
def test_only_an_admins_key_may(data: Path, url: str, method: str, path: str) -> None:
    """A key that may define may neither delete anybody nor see who was."""
    with client(url, secret_key(data, "define")) as api:
        body = {"json": {"persons": ["user:bob"]}} if method == "POST" else {}
        problem(api.request(method, path, **body), 403)
    with SQLiteStore(data / "backsight.sqlite") as store:
        assert store.audit_lines("shop", action="person") == []


def test_a_remote_site_has_the_same_methods(data: Path, url: str) -> None:
    """`bs.connect` previews, deletes and lists as `bs.open` does."""
    with bs.connect(url, key=secret_key(data, "admin")) as remote, bs.open(data) as local:
        assert remote.preview_deletion("user:bob") == local.preview_deletion("user:bob")
        asked = remote.delete_person("user:bob", {"user": "ada@shop.example"}, wait=False)
        assert (asked.state, asked.persons) == ("requested", 2)
        fold(data)
        assert remote.deletion(asked.deletion) == local.deletion(asked.deletion)
        assert remote.deletions()[0].is_done
        assert reached(remote) == [0, 0]


Run = Callable[..., Result]


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command over the data folder."""
    monkeypatch.setattr("os.environ", {"HOME": str(tmp_path), "USER": "root", "LOGNAME": "root"})

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, [*arguments, "--data", str(data)], prog_name="backsight", **options)

    return invoke


def test_the_command_shows_what_goes_and_asks(run: Run) -> None:
    """Without a yes nothing happens; with one it is done at once where no committer runs."""
    shown = run("persons", "delete", "user:ada@shop.example", input="n\n")
    assert shown.exit_code == 1
    assert (
        "1 person of site 'shop':\n  ada@shop.example, 1 known device\n3 events from 2026-11-18"
        in shown.output
    )
    assert json.loads(run("persons", "deletions", "--json").output) == []
    done = run("persons", "delete", "--device", "d-ada", "--yes")
    assert done.exit_code == 0
    assert "is done: 3 of events, 0 of dead_letters, 1 of statements" in done.output
    (listed,) = json.loads(run("persons", "deletions", "--json").output)
    assert listed["deletion"] in run("persons", "deletions").output
    assert json.loads(run("persons", "deletions", listed["deletion"], "--json").output) == listed


def test_what_a_person_is_called_moves_no_cursor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids come from the web: control characters in them are shown, and not sent to the terminal."""
    told = requests.preview

    def hostile(*asked: Any) -> dict[str, Any]:
        found = told(*asked)
        return {**found, "persons": [{**each, "user_id": "\x1b[2Jada\x9b1A"} for each in found["persons"]]}

    monkeypatch.setattr(requests, "preview", hostile)
    shown = run("persons", "delete", "user:ada@shop.example", input="n\n").output
    assert "\\x1b[2Jada\\x9b1A, 1 known device" in shown
    assert not {"\x1b", "\x9b"} & set(shown)


def test_the_command_takes_a_file_and_refuses_who_is_unknown(run: Run) -> None:
    """Who is in a file, one a line, is deleted together; where somebody is unknown, nobody is."""
    refused = run("persons", "delete", "--file", "-", "--yes", input="user:bob\nuser:nobody\n")
    assert refused.exit_code == 1
    assert "there is nothing of user:nobody; nobody was deleted" in refused.output
    assert run("persons", "delete", "--yes").exit_code == 2
    assert run("persons", "delete", "--ye", "user:bob").exit_code == 2
    done = run("persons", "delete", "--file", "-", "--yes", "--wait", input=f"user:bob\n\n{ADA}\n")
    assert "is done: 4 of events" in done.output


# ── Against a world in which these persons never were ───────────────────────────────────────────────────────

USERS, DEVICES = ("u1", "u2", "u3"), ("d1", "d2")
STEP = st.tuples(
    st.sampled_from(["Looked", "Bought", "=u1", "=u2", "=u3"]),
    st.sampled_from(DEVICES),
    st.one_of(st.none(), st.sampled_from(USERS)),
)


def captured(steps: Mapping[int, tuple[str, str, str | None]]) -> list[Capture]:
    return [did(f"p{at}", *step, at=NOW + at * 3_600 * SECOND) for at, step in steps.items()]


def asked_of(data: Path) -> list[Any]:
    """What reports say, whatever it took to say it."""
    with bs.open(data) as site:
        answers = [
            site.funnel([LOOKED, BOUGHT], **RANGE).answer,
            site.retention({"on": "any"}, {"on": "any"}, period="day", **RANGE).answer,
            site.trend(
                [{**LOOKED, "measure": "persons"}, {"on": "any", "measure": "persons"}], **RANGE
            ).answer,
            site.funnel([{"on": "any"}], **RANGE).persons(step=1).answer,
        ]
    return [{key: value for key, value in answer.items() if key != "meta"} for answer in answers]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, min_size=2, max_size=8), st.data())
def test_reports_are_as_if_they_had_never_been(
    steps: list[tuple[str, str, str | None]], draw: st.DataObject
) -> None:
    """Funnel, retention, trend and persons equal those of a lake in which only the others ever were."""
    every = dict(enumerate(steps))
    with tempfile.TemporaryDirectory() as folder:
        data = make(Path(folder) / "all", *captured(every))
        with bs.open(data) as site:
            listed = site.funnel([{"on": "any"}], **RANGE).persons(step=1).answer["persons"]
            persons = [person["person"] for person in listed]
            gone = draw.draw(st.sets(st.sampled_from(persons), min_size=1, max_size=2))
            theirs = {at for person in gone for at in _steps_of(site, person)}
            site.delete_person(*sorted(gone))
        others = {at: step for at, step in every.items() if at not in theirs}
        without = make(Path(folder) / "without", *captured(others))
        assert asked_of(data) == asked_of(without)


def _steps_of(site: Questions, person: str) -> Iterator[int]:
    """Which steps are a person's, by the timeline before the deletion: one is an hour after the other."""
    for event in site.person(person, limit=100).answer["events"]:
        yield round((datetime.fromisoformat(event["time"]).timestamp() - NOW / SECOND) / 3_600)
