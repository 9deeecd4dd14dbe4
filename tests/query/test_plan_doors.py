"""Plans over the command line, over HTTP, and through a server: the same as in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

import backsight as bs
from backsight.api.schemas.definitions import file_schema
from backsight.cli import main
from backsight.definitions.document import parse_document
from query.test_plan import FIRST, ORDER, PRICING, SIGNUP, file_of
from shop_site import secret_key, served, write_data

Run = Callable[..., Result]
FILE = """\
version: 1
events:
  Signed up:   # the form on /join
    on: submit
    css: form#signup
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The shop's data directory."""
    folder = tmp_path / "data"
    write_data(folder)
    return folder


@pytest.fixture
def url(data: Path) -> Iterator[str]:
    """Where the shop's API is served."""
    with served(data) as address:
        yield address


@pytest.fixture(params=["folder", "server"])
def run(request: pytest.FixtureRequest, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command over the folder, or over its server with the key in the environment."""
    monkeypatch.setattr("os.environ", {"HOME": str(tmp_path), "USER": "ada", "LOGNAME": "ada"})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.yaml").write_text(FILE)
    where = ["--data", str(data)]
    if request.param == "server":
        monkeypatch.setitem(__import__("os").environ, "BACKSIGHT_SECRET_KEY", secret_key(data, "define"))
        where = ["--url", request.getfixturevalue("url")]

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, [*arguments, *where], prog_name="backsight", **options)

    return invoke


def test_plan_and_apply_tell_by_their_exit_codes(run: Run, tmp_path: Path) -> None:
    """2 while there is something to do, 0 when it is done; an apply asks somebody, or is told not to."""
    assert run("plan").exit_code == 2
    asked = run("apply")
    assert (asked.exit_code, "--yes" in asked.output) == (1, True)
    assert run("apply", "--yes").output.startswith("events.yaml is applied to shop: 1 edit.")
    assert (run("plan").exit_code, run("plan").output) == (
        0,
        "events.yaml on shop: nothing to do; 1 unchanged.\n",
    )
    assert run("apply", "--yes").exit_code == 0
    (tmp_path / "events.yaml").write_text(FILE.replace("submit", "sbmit"))
    wrong = run("plan")
    assert wrong.exit_code == 1
    assert "events.yaml:4:5: events['Signed up'].on: 'sbmit'" in wrong.output
    assert run("plan", "none.yaml").exit_code == 1
    assert run("plan", "--format", "html").exit_code == 1
    assert run("plan", "--from", "tomorrow").exit_code == 1


def test_a_shown_plan_is_applied_by_its_fingerprint(run: Run, tmp_path: Path) -> None:
    """The command that a plan prints does what it showed, and nothing once something changed."""
    shown = run("plan").output
    command = shown.rsplit("backsight ", 1)[1].split()
    (tmp_path / "events.yaml").write_text(FILE.replace("submit", "click"))
    late = run(*command)
    assert (late.exit_code, "not the plan that was shown" in late.output) == (1, True)
    (tmp_path / "events.yaml").write_text(FILE)
    assert run(*command).exit_code == 0
    assert run("plan").exit_code == 0


def test_drift_is_overwritten_by_name(run: Run) -> None:
    """What was changed elsewhere is refused, and overwritten by the option that the message names."""
    run("apply", "--yes")
    run("events", "put", "Signed up", "--css", "#other")
    refused = run("apply", "--yes")
    assert (refused.exit_code, "'Signed up'" in refused.output) == (1, True)
    assert "held back" in run("plan", "--quick").output
    planned = run("plan", "--overwrite", "Signed up")
    assert (planned.exit_code, "--overwrite 'Signed up'" in planned.output) == (2, True)
    assert run("apply", "--yes", "--overwrite", "Signed up").exit_code == 0
    assert run("plan").exit_code == 0


def test_an_apply_shows_the_plan_and_asks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at a terminal sees the plan, and nothing is done without a yes; where nothing is to do, nobody
    is asked.
    """
    monkeypatch.setattr("backsight.cli.definitions._can_ask", lambda: True)
    refused = run("apply", input="n\n")
    assert (refused.exit_code, "+ create event 'Signed up'" in refused.output) == (1, True)
    assert run("plan", "--quick").exit_code == 2
    assert "is applied to shop: 1 edit." in run("apply", input="y\n").output
    assert run("apply").exit_code == 0


def test_forms(run: Run) -> None:
    """JSON is the API's answer, Markdown the comment."""
    answer = json.loads(run("plan", "--format", "json").stdout)
    assert [edit["name"] for edit in answer["edits"]] == ["Signed up"]
    assert run("plan", "--format", "markdown").stdout.startswith("<!-- backsight plan -->\n")
    assert json.loads(run("apply", "--yes", "--json").stdout)["applied"][0]["action"] == "create"


def test_what_is_exported_is_no_change(run: Run, tmp_path: Path) -> None:
    """An export is the file of what stands, and says where its schema is."""
    run("events", "put", "By hand", "--css", "a", "--description", "x: y")
    exported = run("events", "export").stdout
    assert exported.startswith("# yaml-language-server: $schema=")
    (tmp_path / "events.yaml").write_text(exported)
    assert run("plan", "--prune").exit_code == 0
    assert parse_document(exported).value["events"]["By hand"]["description"] == "x: y"


def test_what_is_wrong_is_told_without_what_moves_a_terminal(run: Run, tmp_path: Path) -> None:
    """A file of a pull request is anybody's: what an error quotes of it is escaped."""
    written = 'version: 1\nevents:\n  Signed up:\n    "\\e[31mon\\u202e": click\n'
    (tmp_path / "events.yaml").write_text(written)
    told = run("plan")
    assert told.exit_code == 1
    assert told.output.replace("\n", "").isprintable()


def test_the_schema_is_printed() -> None:
    """Editors take it from a file."""
    printed = CliRunner().invoke(main, ["events", "schema"])
    assert json.loads(printed.stdout) == file_schema()


def test_a_server_plans_and_applies_as_a_folder_does(data: Path, url: str) -> None:
    """The answers in place and over HTTP are equal, errors included; to plan, a key that reads is enough."""
    file = file_of(
        {"Viewed": PRICING, "Signed up": SIGNUP}, cohorts={"V": {"person_where": [{"did": "Viewed"}]}}
    )
    reader = bs.connect(url, key=secret_key(data, "read"))
    with bs.open(data, threads=1) as local, reader, bs.connect(url, key=secret_key(data, "define")) as remote:
        plans = [json.loads(json.dumps(each.plan(file).answer)) for each in (local, reader, remote)]
        for plan in plans:
            del plan["meta"]
        assert plans[0] == plans[1] == plans[2]
        with pytest.raises(bs.Refused):
            reader.apply(file)
        assert remote.apply(remote.plan(file)).changes
        assert not local.plan(file).changes
        assert remote.export_events(schema="x") == local.export_events(schema="x")
        assert f"$schema={url}/v1/events.schema.json" in remote.export_events()
        local.define("Viewed", on="click")
        with pytest.raises(bs.Conflict, match="'Viewed'"):
            remote.apply(file)
        with pytest.raises(bs.InvalidRequest, match=r"there will be no named event 'Viewed'"):
            remote.plan(file_of({}, cohorts=file["cohorts"]))


def test_the_routes_refuse_what_they_do_not_know(data: Path, url: str) -> None:
    """A problem names the field; the schema is told to anybody."""
    headers = {"Authorization": f"Bearer {secret_key(data, 'define')}"}
    with httpx.Client(base_url=url, headers=headers) as api:
        for path in ("/v1/events/plan", "/v1/events/apply"):
            for body, field in [
                ({}, "definitions"),
                ({"definitions": {"version": 1, "events": {"A": {"css": "a:hover"}}}}, "events['A'].css"),
                ({"definitions": FIRST, "prune": 1}, "prune"),
                ({"definitions": FIRST, "overwrite": [3]}, "overwrite[0]"),
                ({"definitions": FIRST, "file": ""}, "file"),
                ({"definitions": FIRST, "effect": True}, "effect"),
            ]:
                answer = api.post(path, json=body)
                assert (answer.status_code, answer.json()["field"]) == (400, field)
        late = api.post("/v1/events/apply", json={"definitions": FIRST, "fingerprint": "x"})
        assert (late.status_code, late.json()["field"]) == (409, "fingerprint")
    schema = httpx.get(f"{url}/v1/events.schema.json")
    assert (schema.status_code, schema.json()) == (200, json.loads(json.dumps(file_schema())))


def test_the_audit_trail_tells_of_an_apply(data: Path) -> None:
    """One line for the apply, and one for each name that it changed."""
    with bs.open(data, threads=1) as site:
        site.apply(file_of({"Viewed": PRICING, "Bought": ORDER}))
        lines = site.audit(limit=3)
    assert [(line.action, line.subject) for line in lines] == [
        ("definitions.apply", "events.yaml"), ("event.put", "Viewed"), ("event.put", "Bought"),
    ]  # fmt: skip
    assert lines[0].detail["create"] == 2
