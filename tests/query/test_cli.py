"""The command line: words, exit codes, named events and keys; servers are in test_server.py."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import backsight as bs
from backsight.cli import COMMANDS, main, words
from backsight.keys import Keys, LiveWriteKeys
from backsight.reports.attribution.request import COUNTS, TOUCHES, UNITS
from backsight.reports.funnel.groups import ATTRIBUTIONS
from backsight.reports.funnel.options import COUNTS as FUNNEL_COUNTS
from backsight.reports.funnel.options import EXCLUDE_MODES, ORDERS
from backsight.reports.paths.walk import REPEATS
from backsight.reports.retention import COHORTS, MODES, RETURNED
from backsight.reports.statistics import STATISTICS
from backsight.reports.trend import INTERVALS, MEASURES
from backsight.scan.periods import PERIODS, WEEK_STARTS
from backsight.sites import create_site
from backsight.store.sqlite import SQLiteStore
from captures import batch, capture, write_journal
from shop_site import definer_token

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def only_our_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the machine's variables nor a file in the current folder reach the commands."""
    monkeypatch.setattr("os.environ", {"HOME": str(tmp_path), "USER": "ada", "LOGNAME": "ada"})
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with the site `shop` and nothing captured."""
    folder = tmp_path / "data"
    with SQLiteStore(folder / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
    return folder


@pytest.fixture
def run(data: Path) -> Run:
    """Runs a command over the data folder."""

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, [*arguments, "--data", str(data)], prog_name="backsight", **options)

    return invoke


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="backsight")


def succeeded(result: Result) -> str:
    """What a command printed that did what it was asked."""
    assert result.exit_code == 0, result.output
    return result.stdout


# ── The commands ────────────────────────────────────────────────────────────────────────────────────────────


def every_command(
    command: click.Command, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], click.Command]]:
    listed = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            listed += every_command(below, (*path, name))
    return listed


@pytest.mark.parametrize(
    ("path", "command"),
    every_command(main),
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_and_option_is_explained(path: tuple[str, ...], command: click.Command) -> None:
    """`--help` ends with exit code 0, and no command or option is without a word."""
    assert succeeded(invoke(*path, "--help")).startswith("Usage: backsight")
    assert command.help
    unexplained = [each.name for each in command.params if isinstance(each, click.Option) and not each.help]
    assert unexplained == []


def test_the_reference_is_current() -> None:
    """The pages about commands and settings are what the code says; docs/reference/generate.py makes them."""
    generate = runpy.run_path(str(ROOT / "docs" / "reference" / "generate.py"))
    for page, text in generate["pages"]().items():
        assert page.read_text("utf-8") == text, f"{page.name} is out of date"


def test_an_unknown_command_is_named_with_the_nearest() -> None:
    """A slip of the pen is a usage error that says what was probably meant."""
    result = invoke("fnnel")
    assert (result.exit_code, "did you mean 'funnel'" in result.stderr) == (2, True)


def test_the_command_line_starts_light() -> None:
    """The program and its help load no database, data frame or web server, and nothing of the collector."""
    probe = "import sys, backsight.cli; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"duckdb", "polars", "fastapi", "numpy", "pyarrow", "deltalake", "uvicorn", "httpx"}
    assert heavy.isdisjoint(loaded)
    assert not [module for module in loaded if module.startswith("backsight_collector")]
    assert set(COMMANDS) == set(main.list_commands(click.Context(main)))


# ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("browser=Firefox", {"property": "browser", "op": "is", "value": "Firefox"}),
        ("path != /a=b", {"property": "path", "op": "is_not", "value": "/a=b"}),
        ("title~sale", {"property": "title", "op": "contains", "value": "sale"}),
        ("title!~sale", {"property": "title", "op": "not_contains", "value": "sale"}),
        ("price>=9.5", {"property": "price", "op": "gte", "value": 9.5}),
        ("price<=9", {"property": "price", "op": "lte", "value": 9}),
        ("price>9", {"property": "price", "op": "gt", "value": 9}),
        ("props.x<9", {"property": "props.x", "op": "lt", "value": 9}),
        ('sku="007"', {"property": "sku", "op": "is", "value": "007"}),
        ("sku=007", {"property": "sku", "op": "is", "value": "007"}),
        ("new=true", {"property": "new", "op": "is", "value": True}),
        ("empty=", {"property": "empty", "op": "is", "value": ""}),
        ("list=[1]", {"property": "list", "op": "is", "value": "[1]"}),
        ("nothing=null", {"property": "nothing", "op": "is", "value": "null"}),
        ('{"property": "x", "op": "is_set"}', {"property": "x", "op": "is_set"}),
    ],
)
def test_a_predicate_is_read_as_written(text: str, meant: dict[str, object]) -> None:
    """PROPERTY, an operator and a value are the predicate that they look like; JSON is itself."""
    assert words.predicate(text) == meant


@pytest.mark.parametrize("text", ["browser", "=x", "", "{", "{'a': 1}", '{"a"' * 9_999])
def test_what_is_no_predicate_is_a_usage_error(run: Run, text: str) -> None:
    """It is refused with exit code 2, before anything is asked."""
    result = run("trend", "A", "--where", text)
    assert result.exit_code == 2
    assert "Invalid value for '--where'" in result.stderr


@pytest.mark.parametrize("text", ["1,x", "", "1,,2", "1.5"])
def test_what_is_no_list_of_brackets_is_a_usage_error(run: Run, text: str) -> None:
    """It is refused with exit code 2 and what would be one."""
    result = run("retention", "A", "B", "--brackets", text)
    assert result.exit_code == 2
    assert "is no list of numbers. Valid: such as 1,3,7" in result.stderr


def test_a_step_is_a_name_or_json() -> None:
    """Text that does not begin with a brace is a name, whatever else stands in it."""
    assert words.step("Signed up {really}") == "Signed up {really}"
    assert words.step(' {"on": "click"}') == {"on": "click"}


@pytest.mark.parametrize("source", ["argument", "file", "input"])
def test_rules_come_from_the_argument_a_file_or_standard_input(run: Run, tmp_path: Path, source: str) -> None:
    """`--rules JSON`, `--rules @FILE` and `--rules @-` bind the same rules."""
    text = '[{"on": "click", "css": ".buy"}, {"on": "track", "name": "Bought"}]'
    (tmp_path / "rules.json").write_text(text)
    value = {"argument": text, "file": f"@{tmp_path / 'rules.json'}", "input": "@-"}[source]
    succeeded(run("events", "put", "Bought", "--rules", value, input=text))
    shown = json.loads(succeeded(run("events", "show", "Bought", "--json")))
    assert [rule["on"] for rule in shown["rules"]] in ([["click"], ["track"]], ["click", "track"])


def test_a_ready_made_rule_can_be_named(run: Run) -> None:
    """`--ready` binds the rule as it is; nothing else may say what the rule is."""
    succeeded(run("events", "put", "Rage", "--ready", "rage_click"))
    shown = json.loads(succeeded(run("events", "show", "Rage", "--json")))
    assert shown["rules"] == [bs.ready.rage_click()]
    for more in (["--css", "a"], ["--path", "/"], ["--on", "click"], ["--rules", '{"css": "a"}']):
        refused = run("events", "put", "Rage", "--ready", "rage_click", *more)
        assert (refused.exit_code, "--ready says all of the rule" in refused.stderr) == (2, True)
    assert "'rage_click'" in run("events", "put", "Rage", "--ready", "rage").stderr


# ── Named events ────────────────────────────────────────────────────────────────────────────────────────────


def test_named_events_are_put_shown_listed_and_deleted(run: Run) -> None:
    """A name's life on the command line: two versions, a deletion, and all of it in the history."""
    assert "'Bought' stands in version 1" in succeeded(run("events", "put", "Bought", "--css", ".buy"))
    changed = run(
        "events", "put", "Bought", "--css", ".buy, .order", "--on", "click", "--description", "paid"
    )
    assert "'Bought' stands in version 2" in succeeded(changed)
    assert ".buy, .order" in succeeded(run("events", "show", "Bought"))
    assert [each["name"] for each in json.loads(succeeded(run("events", "list", "--json")))] == ["Bought"]
    assert "deleted" in succeeded(run("events", "delete", "Bought"))
    assert json.loads(succeeded(run("events", "list", "--json"))) == []
    history = json.loads(succeeded(run("events", "history", "Bought", "--json")))
    assert [(each["version"], each["deleted"], each["actor"]) for each in history] == [
        (3, True, "cli:ada"),
        (2, False, "cli:ada"),
        (1, False, "cli:ada"),
    ]


def test_a_change_on_an_older_version_is_refused(run: Run) -> None:
    """`--expected-version` protects what somebody else has changed meanwhile."""
    succeeded(run("events", "put", "Bought", "--css", ".buy"))
    succeeded(run("events", "put", "Bought", "--css", ".order", "--expected-version", "1"))
    result = run("events", "put", "Bought", "--css", ".mine", "--expected-version", "1")
    assert (result.exit_code, "changed in between" in result.stderr) == (1, True)


def test_cohorts_are_put_frozen_shown_listed_and_deleted(run: Run, tmp_path: Path) -> None:
    """A cohort's life on the command line: conditions, a list of persons, a deletion, and its history."""
    succeeded(run("events", "put", "Bought", "--css", ".buy"))
    put = ["cohorts", "put", "Buyers", "--person-where", '{"did": "Bought"}', "--person-where", "plan=pro"]
    assert "'Buyers' stands in version 1" in succeeded(run(*put))
    assert '{"did": "Bought"}' in succeeded(run("cohorts", "show", "Buyers"))
    assert "0 are listed" in succeeded(run("cohorts", "freeze", "Buyers", "--as", "Then"))
    (tmp_path / "persons").write_text("12\n\n-5\n")
    lists = ["--user", "ada", "--device", "d1", "--persons", "persons", "--description", "known"]
    assert "version 2" in succeeded(run("cohorts", "put", "Buyers", *lists))
    assert "known\n4 listed" in succeeded(run("cohorts", "show", "Buyers"))
    listed = json.loads(succeeded(run("cohorts", "list", "--json")))
    assert [(each["name"], each["members"]) for each in listed] == [("Buyers", 4), ("Then", 0)]
    seen = json.loads(
        succeeded(run("cohorts", "preview", "--person-where", '{"cohort": "Buyers"}', "--json"))
    )
    assert (seen["total"], seen["meta"]["cohorts"]) == (0, {"Buyers": 2})
    assert "deleted" in succeeded(run("cohorts", "delete", "Buyers"))
    assert [line.split()[1] for line in succeeded(run("cohorts", "history", "Buyers")).splitlines()[2:]] == [
        "3", "2", "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["events", "show", "Bougth"], "did you mean 'Bought'"),
        (["cohorts", "show", "Buyers"], "there is no cohort"),
        (["cohorts", "put", "Buyers"], "the conditions are missing"),
        (["cohorts", "put", "Buyers", "--person-where", '{"did": "Bougth"}'], "did you mean 'Bought'"),
        (["events", "delete", "Bougth"], "did you mean 'Bought'"),
        (["events", "put", "x", "--css", "a:hover"], ":hover"),
        (["events", "put", "x\ny", "--css", "a"], "can't name an event"),
        (["events", "put", "x", "--css", "a", "--rules", "[]"], "rules"),
        (["funnel", "Bougth"], "did you mean 'Bought'"),
        (["funnel", "Bought", "--window", "soon"], "window"),
        (["funnel", "Bought", "--from", "2026-02-02", "--to", "2026-01-01"], "from"),
        (["funnel", "Bought", "--exclude", "Bought"], "exclude"),
        (["funnel", "Bought", "--optional", "1"], "steps[0].optional"),
        (["funnel", "Bought", "--session-gap", "1h"], "session"),
        (["trend", "Bought", "--where", "person.plan=pro", "--timezone", "Mars"], "timezone"),
        (["retention", "Bought", "Bought", "--periods", "0"], "periods"),
        (["funnel", "Bought", "--site", "shpo"], "did you mean 'shop'"),
        (["keys", "revoke", "k_unknown"], "there is no key 'k_unknown'"),
        (["sites", "create", "My Site"], "lower-case letters"),
        (["sites", "create", "shop"], "already"),
        (["identity", "revoke", "st_unknown"], "there is no statement 'st_unknown'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    run: Run, arguments: list[str], message: str
) -> None:
    """An error names what is wrong and what is valid, on standard error, without a traceback."""
    succeeded(run("events", "put", "Bought", "--css", ".buy"))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["funnel"], "Missing argument 'STEP...'"),
        (["funnel", "A", "--windw", "7d"], "--window"),
        (["funnel", "A", "--entry", "last"], "'any', 'first'"),
        (["funnel", "A", "--first-ever", "2"], "--first-ever 2: no such step. Valid: 1 to 1."),
        (["funnel", "A", "B", "--histogram", "1"], "--histogram 1-2"),
        (["funnel", "A", "B", "--bins", "9"], "--histogram 1-2"),
        (["funnel", '{"on": "track"}', "--group", "7"], "Valid: --persons STEP"),
        (["retention", '{"on": "track"}', '{"on": "any"}', "--group", "7"], "Valid: --persons DATE"),
        (["events", "put", "A", "--on", "hover"], "'click'"),
        (["funnel", "A", "--url", "http://x.example"], "--url and --data are given both"),
        (["keys", "create", "--scope", "all"], "'read', 'define', 'admin'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_was_not_understood_is_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    """A usage error says how the command is used."""
    result = run(*arguments)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_a_malformed_key_is_named_as_it_was_given() -> None:
    """The message about a key names the option that took it, and does not repeat the key."""
    result = invoke("events", "list", "--url", "http://127.0.0.1:9", "--key", "sk_short")
    assert (result.exit_code, result.stderr.startswith("Error: --key: ")) == (1, True), result.stderr
    assert "sk_short" not in result.stderr


def test_a_server_wants_a_key() -> None:
    """Asking a server without a secret key says where to put one."""
    result = invoke("events", "list", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, "BACKSIGHT_SECRET_KEY" in result.stderr) == (2, True)


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    """A question never makes a folder; the message says what does."""
    for folder in ("none", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        result = invoke("funnel", "A", "--data", str(tmp_path / folder))
        assert (result.exit_code, "`backsight up`" in result.stderr) == (1, True), result.stderr
    assert not (tmp_path / "none").exists()


# ── Reports ─────────────────────────────────────────────────────────────────────────────────────────────────


def fold(data: Path, events: list[dict[str, object]]) -> None:
    """Events in the lake, by way of the journal."""
    from backsight_collector.committer import Committer

    write_journal(data, [capture(batch("page", events))])
    committer = Committer(data)
    committer.step()
    committer.close()


TRACKED = [
    {"type": "track", "page": 0, "seq": n, "time": 1_794_999_990_000 + n, "name": name, "props": {"n": n}}
    for n, name in enumerate(["View", "Buy", "Buy"])
]
SECOND = '{"on": "track", "name": "Buy", "where": [{"property": "n", "op": "is", "value": 2}]}'
VIEW, BUY = '{"on": "track", "name": "View"}', '{"on": "track", "name": "Buy"}'


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["funnel", VIEW, BUY], lambda answer: [step["count"] for step in answer["steps"]] == [1, 1]),
        (["funnel", BUY, VIEW], lambda answer: [step["count"] for step in answer["steps"]] == [1, 0]),
        (
            [
                *"funnel --order strict --exclude".split(),
                BUY,
                *"--hold path --first-ever 1".split(),
                VIEW,
                BUY,
            ],
            lambda answer: [step["excluded"] for step in answer["steps"]] == [0, 0],
        ),
        (
            [
                "funnel",
                VIEW,
                '{"css": ".never"}',
                SECOND,
                "--exclude",
                f'{{"event": {BUY}, "before": 3}}',
                "--exclude-mode",
                "person",
                "--optional",
                "2",
            ],
            lambda answer: (
                [step["excluded"] for step in answer["steps"]] == [1, 0, 1]
                and [step["count"] for step in answer["steps"]] == [0, 0, 0]
            ),
        ),
        (
            [
                *"funnel --order any --count sessions --session-gap 30m --session-starts".split(),
                BUY,
                VIEW,
                BUY,
            ],
            lambda answer: [step["count"] for step in answer["steps"]] == [3, 0],
        ),
        (
            [*"funnel --count totals --histogram 1-2 --bins 3 --curve".split(), BUY, BUY],
            lambda answer: (
                (answer["count"], answer["histogram"]["persons"], len(answer["curve"])) == ("totals", 1, 1)
            ),
        ),
        (
            [*"funnel --by n --persons 1 --group 0".split(), VIEW],
            lambda answer: [len(each["times"]) for each in answer["persons"]] == [1],
        ),
        (
            [*"funnel --by n --by props.cart --persons 1 --group 0 --group null".split(), VIEW],
            lambda answer: len(answer["persons"]) == 1,
        ),
        (
            ["trend", BUY, "--from", "2026-11-17", "--to", "2026-11-19"],
            lambda answer: answer["series"][0]["total"] == 2,
        ),
        (["trend", BUY, "--where", "n>1"], lambda answer: answer["series"][0]["total"] == 1),
        (["trend", BUY, "--measure", "persons"], lambda answer: answer["series"][0]["total"] == 1),
        (["trend", BUY, BUY, "--formula", "A / B * 100"], lambda answer: answer["series"][2]["total"] == 100),
        (
            [
                "trend",
                BUY,
                "--by",
                "n",
                "--limit",
                "1",
                "--interval",
                "all",
                "--cumulative",
                "--compare",
                "previous",
                "--since",
                "52w",
            ],
            lambda answer: [each["group"] for each in answer["series"]][-1] in (None, ["1"], ["2"]),
        ),
        (
            ["trend", BUY, "--measure", "max", "--property", "n", "--smooth", "2"],
            lambda answer: answer["series"][0]["property"] == "n",
        ),
        (
            ["trend", BUY, "--measure", "active_persons", "--over", "7d"],
            lambda answer: answer["series"][0]["over"] == "7d",
        ),
        (["lifecycle", BUY], lambda answer: sum(answer["series"][0]["values"]) == 1),
        (["stickiness", BUY, "--interval", "month"], lambda answer: answer["persons"] == 1),
        (
            ["retention", VIEW, BUY, "--periods", "1"],
            lambda answer: sum(row["size"] for row in answer["rows"]) == 1,
        ),
        (
            [
                "retention",
                VIEW,
                BUY,
                "--brackets",
                "1,3",
                "--by",
                "path",
                "--limit",
                "2",
                "--mode",
                "rolling",
                "--measure",
                "sum",
                "--property",
                "n",
                "--minimum",
                "2",
            ],
            lambda answer: answer["labels"] == ["Day 0", "Day 1", "Day 2-4"] and len(answer["groups"]) == 1,
        ),
        (
            ["retention", VIEW, BUY, "--persons", "2026-11-18", "--column", "0"],
            lambda answer: answer["total"] == 1,
        ),
        (
            ["retention", VIEW, BUY, "--by", "type", "--persons", "2026-11-18", "--group", "track"],
            lambda answer: answer["total"] == 1,
        ),
        (
            ["paths", "--start", VIEW, "--node", BUY, "--session-gap", "30m", "--exclude", '{"on": "leave"}'],
            lambda answer: [edge["step"] for edge in answer["edges"]] == [1],
        ),
        (
            [
                "paths",
                "--around",
                BUY,
                "--group",
                "/*",
                "--rewrite",
                '[{"matches": "a", "as": "b"}]',
                "--session-starts",
                VIEW,
            ],
            lambda answer: (answer["paths"], answer["persons"]) == (1, 1),
        ),
        (
            ["attribution", BUY, "--by", "path", "--touches", VIEW, "--property", "n", "--per", "session"],
            lambda answer: answer["total"] == {"conversions": 2, "persons": 1, "sum": 3.0},
        ),
        (["preview", "--rules", BUY], lambda answer: (answer["events"], answer["persons"]) == (2, 1)),
        (["preview", "--on", "track", "--where", "n=0"], lambda answer: answer["events"] == 1),
        (
            ["preview", "--rules", BUY, "--from", "2026-11-18", "--to", "2026-11-18"],
            lambda answer: [day["date"] for day in answer["daily"]] == ["2026-11-18"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_reports_answer_from_the_folder(
    run: Run, data: Path, arguments: list[str], expected: Callable[[Any], bool]
) -> None:
    """The same question gives a table, JSON, CSV or its SQL; the figures are those of what was captured."""
    fold(data, TRACKED)
    answer = json.loads(succeeded(run(*arguments, "--json")))
    assert expected(answer), answer
    assert "snapshot" in answer["meta"]
    assert "---" in succeeded(run(*arguments))
    assert "select" in succeeded(run(*arguments, "--sql"))
    assert len(succeeded(run(*arguments, "--csv")).splitlines()) > 1


@pytest.mark.parametrize(
    ("command", "option", "words"),
    [
        ("funnel", "order", ORDERS),
        ("funnel", "count", FUNNEL_COUNTS),
        ("funnel", "exclude_mode", EXCLUDE_MODES),
        ("funnel", "attribution", ATTRIBUTIONS),
        ("funnel", "interval", PERIODS),
        ("funnel", "week_start", WEEK_STARTS),
        ("retention", "period", PERIODS),
        ("retention", "cohort", COHORTS),
        ("retention", "week_start", WEEK_STARTS),
        ("retention", "returned", RETURNED),
        ("retention", "mode", MODES),
        ("retention", "measure", STATISTICS),
        ("paths", "repeats", REPEATS),
        ("attribution", "touch", TOUCHES),
        ("attribution", "count", COUNTS),
        ("attribution", "per", UNITS),
        ("trend", "interval", INTERVALS),
        ("trend", "measure", MEASURES),
        ("trend", "week_start", WEEK_STARTS),
        ("lifecycle", "interval", PERIODS),
        ("stickiness", "interval", PERIODS),
    ],
)
def test_options_take_every_word_of_the_reports(command: str, option: str, words: Collection[str]) -> None:
    """What a report can be asked can be asked on the command line."""
    context = click.Context(main)
    found = main.get_command(context, command)
    assert found
    kinds = {parameter.name: parameter.type for parameter in found.params}
    assert {*kinds[option].choices} == {*words}  # type: ignore[attr-defined]


# ── Sites and keys ──────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_made_listed_and_revoked(run: Run, data: Path) -> None:
    """A key works from its creation until its revocation; a secret is never shown again."""
    write = succeeded(run("keys", "create", "--label", "web")).strip()
    secret = succeeded(run("keys", "create", "--scope", "define")).strip()
    listed = json.loads(succeeded(run("keys", "list", "--json")))
    assert [(key["kind"], key["key"], key["scopes"]) for key in listed] == [
        ("write", write, []),
        ("secret", None, ["define"]),
    ]
    assert secret not in succeeded(run("keys", "list"))
    assert succeeded(run("keys", "revoke", listed[0]["key_id"])).endswith("is revoked.\n")
    with SQLiteStore(data / "backsight.sqlite") as store:
        assert LiveWriteKeys(Keys(store))(write) is None
        assert Keys(store).authenticate(secret).scopes == {"read", "define"}
        assert store.audit_lines()[0].actor == "cli:ada"


def test_the_definer_is_opened_by_a_link(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link is all that standard output has, and opens on demand; its token is good for its time."""
    opened: list[str] = []
    monkeypatch.setattr("click.launch", lambda url: opened.append(url) or 0)
    defined = run("define", "https://shop.example/#/cart", "--minutes", "5", "--open")
    link = succeeded(defined).strip()
    page, _, token = link.partition("&backsight-")
    assert (page, opened) == ("https://shop.example/#/cart", [link])
    assert "may define events until" in defined.stderr
    assert token not in defined.stderr
    with SQLiteStore(data / "backsight.sqlite") as store:
        assert Keys(store).authenticate(token).origin == "https://shop.example"
        assert store.audit_lines()[0].actor == "cli:ada"


def test_a_browser_that_does_not_open_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no browser can be opened the link is printed all the same."""
    monkeypatch.setattr("click.launch", lambda url: 3)
    defined = run("define", "https://shop.example/", "--open")
    assert succeeded(defined).startswith("https://shop.example/#backsight-dt_")
    assert "by hand" in defined.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ftp://shop.example"], 1, "is no page of the web. Valid: the http:// or https:// address"),
        (["https://shop.example", "--minutes", "1441"], 2, "1<=x<=1440"),
    ],
)
def test_a_link_that_cannot_be_made_says_why(run: Run, arguments: list[str], code: int, message: str) -> None:
    """What is no page, or too long a time, is named."""
    refused = run("define", *arguments)
    assert (refused.exit_code, message in refused.stderr) == (code, True)


def test_activity_and_elements_are_listed(run: Run) -> None:
    """Before anything was captured or named both say so in a line; as JSON they are the API's answers."""
    assert "No named events yet." in succeeded(run("events", "activity", "--days", "7"))
    assert "is without a name" in succeeded(run("elements", "--limit", "3"))
    assert json.loads(succeeded(run("elements", "--days", "9", "--json")))["elements"] == []
    assert succeeded(run("events", "activity", "--csv")) == "name,date,events\n"
    assert "select" in succeeded(run("elements", "--sql"))


def test_tokens_are_listed_and_forgotten(run: Run, data: Path) -> None:
    """The definer's tokens are listed with their page and end, expired ones are forgotten on demand."""
    token = definer_token(data, "https://shop.example", 0)
    live = definer_token(data, "https://blog.example", 5)
    table = succeeded(run("keys", "list"))
    expired, lasting = (
        next(line for line in table.splitlines() if host in line) for host in ("shop", "blog")
    )
    assert "dt_… on https://shop.example" in expired
    assert ("expired" in expired, "until" in lasting) == (True, True)
    assert token not in table
    assert live not in table
    listed = json.loads(succeeded(run("keys", "list", "--json")))
    assert [(key["kind"], key["origin"]) for key in listed] == [
        ("definer", "https://shop.example"), ("definer", "https://blog.example"),
    ]  # fmt: skip
    assert succeeded(run("keys", "prune")) == "1 expired token of 'shop' forgotten.\n"
    assert [key["origin"] for key in json.loads(succeeded(run("keys", "list", "--json")))] == [
        "https://blog.example"
    ]


def test_sites_are_made_with_a_write_key(run: Run, data: Path) -> None:
    """A new site is listed and has a key at once; with several sites, commands want to know which."""
    made = succeeded(run("sites", "create", "blog"))
    assert succeeded(run("sites", "list")).split() == ["blog", "shop"]
    with SQLiteStore(data / "backsight.sqlite") as store:
        opened = LiveWriteKeys(Keys(store))(made.split()[-1].rstrip("."))
        assert opened is not None
        assert opened.site == "blog"
    unclear = run("keys", "list")
    assert (unclear.exit_code, "--site blog | shop" in unclear.stderr) == (2, True)
    assert "blog" not in succeeded(run("keys", "list", "--site", "shop"))


def test_compacting_says_what_it_did(run: Run, data: Path) -> None:
    """Many small files become few; the figures are told."""
    fold(data, TRACKED)
    fold(data, [{**each, "seq": n + 10} for n, each in enumerate(TRACKED)])
    before, after = (int(word) for word in succeeded(run("compact")).split() if word.isdigit())
    assert before > after > 0


def test_only_one_process_compacts(run: Run, data: Path) -> None:
    """Beside a committer, compaction is refused with the holder of the lock."""
    from backsight_collector.lake.lake import Lake

    lake = Lake(data / "lake")
    try:
        result = run("compact")
    finally:
        lake.close()
    assert (result.exit_code, "stop it first" in result.stderr) == (1, True), result.stderr
