"""Signals at every door: HTTP, Python, the command line; as tables, data frames and charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import backsight as bs
from backsight.cli import main
from backsight.questions import Questions
from backsight.results import Signals
from shop_site import secret_key, served, write_data, write_more

HOSTILE = "<script>alert(1)</script>"
FUNNEL: dict[str, Any] = {"steps": [{"on": "pageview", "label": "Visit"}, "Bought"], "window": "1d",
                          "from": "2026-10-01", "to": "2026-10-31"}  # fmt: skip
LABELS = {"submit form#signup": True, "pageview /pricing": False}
RULE = {"on": "submit", "css": "form#signup"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop with forty more visitors: of those who submit the form, three in four buy."""
    made = tmp_path_factory.mktemp("shop")
    write_data(made)
    for number in range(40):
        form = number % 2 == 0
        did = "signup" if form else "pricing"
        bought = ["10 10:09 order"] if number % 8 in ((0, 2, 4) if form else (1,)) else []
        write_more(made, f"v{number}", "10 10:00 pricing", f"10 10:0{1 + number % 3} {did}", *bought)
    with bs.open(made) as site:
        site.define("Bought", rules={"on": "track", "name": "Order Completed"})
    return made


@pytest.fixture(params=["in place", "over HTTP"])
def site(folder: Path, request: pytest.FixtureRequest) -> Iterator[Questions]:
    if request.param == "in place":
        with bs.open(folder) as opened:
            yield opened
        return
    with served(folder) as url, bs.connect(url, secret_key(folder, "read")) as connected:
        yield connected


def test_a_funnel_has_signals(site: Questions) -> None:
    """Of a funnel's answer, as of it; the same as asked by itself, and the rule is one that can be shown."""
    asked = site.funnel(FUNNEL["steps"], "1d", from_="2026-10-01", to="2026-10-31")
    found = asked.signals(at_least=5)
    # Who did the one thing did not do the other: what one does for buying the other does against it.
    assert {each["label"]: each["odds_ratio"] > 1 for each in found.signals} == LABELS
    itself = site.signals(funnel=FUNNEL, step=2, at_least=5, as_of=asked)
    assert itself.signals == found.signals == found.again().signals
    form = [each["label"] for each in found.signals].index("submit form#signup") + 1
    assert found.rule(form) == RULE
    assert site.preview(rules=found.rule(form)).events == 20 + 4
    assert "select distinct" in found.sql()
    assert asked.again().signals(2, at_least=5).signals == found.signals


def test_a_retention_report_has_signals(site: Questions) -> None:
    """Of a retention report's answer, as of it, and by itself."""
    asked = site.retention({"on": "pageview"}, "Bought", periods=2, from_="2026-10-01", to="2026-10-11")
    found = asked.signals(1, at_least=5)
    assert found.answer["population"]["persons"] == 45
    request = {"start": {"on": "pageview"}, "return": "Bought", "periods": 2, "from": "2026-10-01",
               "to": "2026-10-11"}  # fmt: skip
    assert site.signals(retention=request, at_least=5).answer["population"] == found.answer["population"]
    assert asked.again().signals(at_least=5).signals == found.signals


def test_there_is_no_such_signal(site: Questions) -> None:
    """A number past the last is refused, saying which there are."""
    found = site.signals(funnel=FUNNEL, at_least=5)
    with pytest.raises(bs.InvalidRequest, match="Valid: 1 to 2"):
        found.rule(3)
    with pytest.raises(bs.InvalidRequest, match="there are no signals"):
        site.signals(funnel=FUNNEL, at_least=30).rule()


def test_a_signal_is_named_in_one_call(tmp_path: Path) -> None:
    """Its rule is what `define` takes."""
    write_data(tmp_path)
    with bs.open(tmp_path) as opened:
        found = Signals({**ANSWER, "signals": [{**SIGNAL, "rule": RULE}]}, str)
        assert opened.define("Submitted", rules=found.rule(1)).name == "Submitted"
        assert opened.preview(rules=found.rule(1)).events == 4


def run(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(main, ["signals", *arguments, "--data", str(folder)])


def test_the_command_line_finds_signals(folder: Path) -> None:
    """Of a funnel and of a retention report, as a table or as the answer itself."""
    asked = ('{"on": "pageview", "label": "Visit"}', "Bought", "--from", "2026-10-01", "--at-least", "5")
    shown = run(folder, *asked, "--window", "1d")
    assert "submit form#signup" in shown.output
    answer = json.loads(run(folder, *asked, "--step", "2", "--json").output)
    assert RULE in [each["rule"] for each in answer["signals"]]
    back = run(folder, '{"on": "pageview"}', "--return", "Bought", "--column", "2", "--to", "2026-10-11",
               "--period", "day", "--at-least", "5", "--json")  # fmt: skip
    assert json.loads(back.output)["population"]["persons"] == 45


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Bought", "--period", "week"], "--period and --column need --return"),
        (["Bought", "Bought", "--return", "Bought"], "with --return there is no funnel"),
        (["Bought", "--return", "Bought", "--window", "1d"], "with --return there is no funnel"),
    ],
)
def test_what_does_not_go_together_is_refused(folder: Path, arguments: list[str], said: str) -> None:
    """Options of a funnel and of a retention report exclude each other."""
    refused = run(folder, *arguments)
    assert (refused.exit_code, said in refused.output) == (2, True)


# ── How they look ───────────────────────────────────────────────────────────────────────────────────────────

SIGNAL: dict[str, Any] = {
    "rule": {"on": "click", "css": "a"},
    "label": f"click a {HOSTILE}",
    "did": {"persons": 400, "outcome": 240, "share": 0.6},
    "did_not": {"persons": 600, "outcome": 60, "share": 0.1},
    "expected": 0.3,
    "support": 0.4,
    "lift": 2.0,
    "odds_ratio": 4.25,
    "interval": [2.5, 7.25],
    "chance": 0.001,
}
ANSWER: dict[str, Any] = {
    "population": {"persons": 1_000, "outcome": 300, "share": 0.3},
    "tested": 120,
    "signals": [SIGNAL, {**SIGNAL, "odds_ratio": 0.25, "interval": [0.1, 0.5]}],
    "meta": {"site": "shop", "warnings": ["one"]},
}


def test_a_table_has_a_row_a_signal() -> None:
    """With its number, what is expected of others as active, and how many were compared."""
    shown = repr(Signals(ANSWER, str))
    assert "2.50 and 7.25" in shown
    assert "120 things compared over 1,000 persons, 30.0% of them with the outcome." in shown
    assert "Warning: one" in shown
    assert HOSTILE not in Signals(ANSWER, str)._repr_html_()


def test_nothing_that_stands_out_is_said() -> None:
    """Without a signal there is a sentence, and what was compared."""
    answer = {**ANSWER, "signals": [], "tested": 1, "population": {"persons": 1, "outcome": 0, "share": 0.0}}
    assert repr(Signals(answer, str)).splitlines()[2:4] == [
        "Nothing stands out.",
        "1 thing compared over 1 person, 0.0% of them with the outcome.",
    ]


def test_a_frame_has_a_row_a_signal() -> None:
    """The rule stands in it as JSON."""
    row = Signals(ANSWER, str).to_arrow().to_pylist()[0]
    assert json.loads(row.pop("rule")) == SIGNAL["rule"]
    own = ("label", "expected", "support", "lift", "odds_ratio", "chance")
    wanted = {name: SIGNAL[name] for name in own}
    assert row == {**wanted, "persons": 400, "share": 0.6, "low": 2.5, "high": 7.25}
