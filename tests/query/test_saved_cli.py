"""`backsight saved`, `backsight page` and --save, as they are typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import backsight as bs
from backsight.cli import main
from backsight.cli.page import HOURS
from backsight.keys import Keys
from backsight.store.sqlite import SQLiteStore
from shop_site import write_data

FUNNEL = ("funnel", "Viewed pricing", "Signed up", "--from", "2026-10-01", "--to", "2026-10-31")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with two named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


def typed(data: Path, *arguments: str, code: int = 0) -> Result:
    """What a command says, about the folder."""
    result = CliRunner().invoke(main, [*arguments, "--data", str(data)])
    assert result.exit_code == code, result.output
    return result


def test_a_report_is_saved_as_it_is_asked(data: Path) -> None:
    """--save keeps the question beside its answer; `saved show` answers the same, in every form."""
    for form in ((), ("--csv",), ("--json",)):
        told = typed(data, *FUNNEL, *form, "--save", "Sign-ups")
        assert "Saved as 'Sign-ups', version 1." in told.stderr
        again = typed(data, "saved", "show", "Sign-ups", *form)
        if form == ("--json",):
            assert json.loads(again.stdout)["steps"] == json.loads(told.stdout)["steps"]
        else:
            assert again.stdout == told.stdout
    assert typed(data, "saved", "show", "Sign-ups", "--sql").stdout == typed(data, *FUNNEL, "--sql").stdout
    question = json.loads(typed(data, "saved", "show", "Sign-ups", "--question").stdout)
    assert (question["report"], question["request"]["from"]) == ("funnel", "2026-10-01")
    typed(data, "saved", "delete", "Sign-ups")


def test_lists_of_persons_are_not_saved(data: Path) -> None:
    """What can't be saved says which reports can."""
    told = typed(data, *FUNNEL, "--persons", "2", "--save", "Who", code=1)
    assert "'funnel_persons' is not known here" in told.output


def test_a_saved_report_from_the_first_version_to_its_end(data: Path, tmp_path: Path) -> None:
    """Saved from a file, changed, listed as broken with the reason, shared, ended, deleted."""
    (tmp_path / "asked.json").write_text('{"series": ["Passing"]}')
    assert (
        "no named event 'Passing'"
        in typed(data, "saved", "save", "By week", "trend", f"@{tmp_path}/asked.json", code=1).output
    )
    with bs.open(data) as site:
        site.define("Passing", on="click")
    typed(data, "saved", "save", "By week", "trend", f"@{tmp_path}/asked.json")
    typed(data, "saved", "save", "By week", "trend", '{"series": ["Passing"], "interval": "week"}')
    assert typed(data, "saved", "save", "By week", "trend", "[]", code=2).exception
    assert len(json.loads(typed(data, "saved", "history", "By week", "--json").stdout)) == 2
    made = typed(data, "saved", "link", "By week", "--days", "2", "--label", "board")
    assert made.stdout.startswith("http://127.0.0.1:8400/shared#rt_")
    (link,) = json.loads(typed(data, "saved", "links", "By week", "--json").stdout)
    assert (link["label"], link["url"]) == ("board", None)
    assert f"It is {link['link_id']}." in made.stderr
    assert "board" in typed(data, "saved", "links", "By week").stdout
    assert "rt_… to 'By week'" in typed(data, "keys", "list").stdout
    for said in ("opens nothing any more", "was revoked before"):
        assert said in typed(data, "saved", "unlink", "By week", link["link_id"]).stdout
    with bs.open(data) as site:
        site.delete_event("Passing")
    listed = typed(data, "saved", "list")
    assert "broken" in listed.stdout
    assert "'By week' can't be asked: request.series[0]: there is no named event 'Passing'" in listed.stderr
    typed(data, "saved", "delete", "By week")
    assert "No saved reports yet" in typed(data, "saved", "list").stdout


def test_the_page_is_opened_with_a_key_of_its_own(data: Path) -> None:
    """The link holds a new secret key behind the #, which may read, or define, and ends within hours."""
    for scope in ("read", "define"):
        told = typed(data, "page", "--scope", scope)
        address, _, key = told.stdout.strip().partition("/#")
        assert address == "http://127.0.0.1:8400"
        with SQLiteStore(data / "backsight.sqlite") as store:
            principal = Keys(store).authenticate(key)
        assert principal.scopes == {"read", "define"} - ({"define"} if scope == "read" else set())
        assert principal.expires is not None
        left = principal.expires - datetime.now(UTC)
        assert timedelta(hours=HOURS - 1) < left <= timedelta(hours=HOURS)
        assert key not in told.stderr
