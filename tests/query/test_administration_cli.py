"""`backsight keys | audit`: keys and the trail from the command line, of a folder and of a server."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from backsight.cli import main
from backsight.keys import Keys
from backsight.store.sqlite import SQLiteStore
from shop_site import secret_key, served, write_data

Run = Callable[..., Result]
PAGE = "https://shop.example"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    return folder


@pytest.fixture(params=["folder", "server"])
def run(request: pytest.FixtureRequest, data: Path) -> Any:
    """Runs a command over the data folder, or over a server of it."""

    def over(*where: str) -> Run:
        return lambda *arguments: CliRunner().invoke(main, [*arguments, *where], prog_name="backsight")

    if request.param == "folder":
        yield over("--data", str(data))
        return
    with served(data) as url:
        yield over("--url", url, "--key", secret_key(data, "admin"))


def said(result: Result) -> str:
    """What a command printed that did what it was asked."""
    assert result.exit_code == 0, result.output
    return result.stdout


def key_id_of(run: Run, key: str) -> str:
    return next(
        each["key_id"] for each in json.loads(said(run("keys", "list", "--json"))) if each["key"] == key
    )


def test_a_write_key_is_bound_and_unbound(run: Run) -> None:
    """Origins, rate and end are set and taken away again, and told; the key itself stays."""
    key = said(run("keys", "create", "--origin", PAGE, "--expires", "90d", "--label", "web")).strip()
    key_id = key_id_of(run, key)
    wider = [
        "--origin",
        PAGE,
        "--origin",
        "https://*.shop.example",
        "--events-per-second",
        "50",
        "--pages-only",
    ]
    told = said(run("keys", "set", key_id, *wider))
    assert "pages of https://*.shop.example, https://shop.example; no servers; 50 events a second" in told
    assert "50/s pages only https://*.shop" in said(run("keys", "list"))
    free = ["--any-origin", "--never-expires", "--default-rate", "--servers-too", "--label", ""]
    assert "never ends; pages of all origins; servers too; the server's rate" in said(
        run("keys", "set", key_id, *free)
    )
    assert key_id_of(run, key) == key_id


def test_a_key_is_rotated(run: Run, data: Path) -> None:
    """The new key is all that standard output has; both work until the old one's days are over."""
    old = said(run("keys", "create", "--scope", "read")).strip()
    with SQLiteStore(data / "backsight.sqlite") as store:
        keys = Keys(store)
        key_id = keys.authenticate(old).key_id
        rotated = run("keys", "rotate", key_id, "--days", "3")
        new = said(rotated).strip()
        assert f"Key {key_id} ends in 3 days." in rotated.stderr
        assert keys.authenticate(new).scopes == keys.authenticate(old).scopes
        (left,) = [key.expires for key in keys.list() if key.key_id == key_id]
        assert left is not None
        assert 2 <= (left - datetime.now(UTC)).days <= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["set", "k_1"], "nothing is to be set"),
        (["set", "k_1", "--any-origin", "--origin", PAGE], "--any-origin and a value are given both"),
        (["set", "k_1", "--label", "x"], "there is no key 'k_1'"),
        (["create", "--origin", "shop.example"], "origins[0]: 'shop.example' is no origin"),
        (["create", "--expires", "soon"], "expires: 'soon' is no moment"),
        (["create", "--scope", "read", "--pages-only"], "a setting of write keys"),
        (["rotate", "k_1", "--days", "366"], "0<=x<=365"),
    ],
)
def test_what_cannot_be_done_says_why(run: Run, arguments: list[str], words: str) -> None:
    """One line that names what is wrong, and nothing is changed."""
    result = run("keys", *arguments)
    assert result.exit_code != 0
    assert words in result.stderr


def test_the_trail_is_shown(run: Run) -> None:
    """A change is told with who made it and on what; what was asked for bounds what is shown."""
    key = said(run("keys", "create", "--label", "shown")).strip()
    key_id = key_id_of(run, key)
    run("keys", "revoke", key_id)
    table = said(run("audit", "--action", "key", "--limit", "2"))
    assert (table.count(key_id), key in table) == (2, False)
    assert table.index("key.revoke") < table.index("key.create")
    lines = json.loads(said(run("audit", "--json", "--since", "1d", "--limit", "1000")))
    assert [line["number"] for line in lines] == sorted((line["number"] for line in lines), reverse=True)
    assert lines[0]["action"] == "key.revoke"
    assert said(run("audit", "--since", "2059-01-01")).count("\n") == 1


def test_a_forged_trail_is_told(tmp_path: Path) -> None:
    """--verify tells a whole trail from a changed one, and a rewritten one by a digest that was noted."""
    write_data(tmp_path)

    def verify(*more: str) -> Result:
        arguments = ["audit", "--verify", "--data", str(tmp_path), *more]
        return CliRunner().invoke(main, arguments, prog_name="backsight")

    noted = said(verify()).split()[-1]
    assert noted.startswith("1:")
    secret_key(tmp_path, "read")
    said(verify("--against", noted))
    other = verify("--against", noted[:-1] + ("0" if noted[-1] != "0" else "1"))
    assert (other.exit_code, "line 1 is not the one that was noted" in other.stderr) == (1, True)
    assert verify("--against", "9:" + "0" * 64).exit_code == 1
    with closing(sqlite3.connect(tmp_path / "backsight.sqlite", isolation_level=None)) as db:
        db.execute("drop trigger audit_is_never_changed")
        db.execute("update audit set actor = 'somebody else' where line = 2")
    forged = verify()
    assert forged.exit_code == 1
    assert "line 2 does not follow from the one before it" in forged.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--verify", "--url", "http://x.example"], "--verify reads a data folder"),
        (["--against", "1:" + "0" * 64], "--against goes with --verify"),
        (["--verify", "--against", "1"], "is no line"),
        (["--verify", "--against", "²:" + "0" * 64], "is no line"),
    ],
)
def test_what_the_trail_is_not_asked(data: Path, arguments: list[str], words: str) -> None:
    """Options that make no sense together are refused by name."""
    where = [] if "--url" in arguments else ["--data", str(data)]
    result = CliRunner().invoke(main, ["audit", *arguments, *where], prog_name="backsight")
    assert (result.exit_code, words in result.stderr) == (2, True)
