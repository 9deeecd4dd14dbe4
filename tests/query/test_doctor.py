"""What the doctor finds: of capturing, names, selectors and attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake

import backsight as bs
from backsight import doctor
from backsight.cli import main
from backsight.contract import KEY_FACTOR, MAX_ATTRIBUTE_VALUES, PARTITIONS
from backsight.doctor.attributes import attributes_of
from backsight.errors import InvalidRequest
from backsight.rules.rule import parse_rules
from backsight.trie import Trie
from query.conftest import ContextOf
from query.planted import NOW, Doing, Dom, click, rows_of, view
from query.rows import event
from query.rows import rows_of as table_of
from query.test_repairs import TRAFFIC, noise, page, released
from shop_site import secret_key, served, write_data

HOUR = timedelta(hours=1)


def found(context: Any, **request: Any) -> dict[str, list[dict[str, Any]]]:
    """The findings, by check."""
    by_check: dict[str, list[dict[str, Any]]] = {}
    for each in doctor.run(request, context)["findings"]:
        by_check.setdefault(each["check"], []).append(each)
    return by_check


def test_a_site_that_never_captured(context_of: ContextOf) -> None:
    """It says so, and how to begin; nothing else is wrong yet."""
    answer = doctor.run({}, context_of(now=NOW, names={}))
    states = {each["check"]: each["state"] for each in answer["findings"]}
    assert states == {
        "capturing": "act", "names": "know", "losses": "know", "refusals": "fine", "attributes": "fine",
        "bots": "fine", "lake": "fine",
    }  # fmt: skip
    assert not answer["fine"]
    assert "backsight.js" in answer["findings"][0]["do"][0]


def hourly(hours: Sequence[int]) -> list[dict[str, Any]]:
    return [event("A", NOW - each * HOUR) for each in hours]


@pytest.mark.parametrize(
    ("hours", "state"),
    [
        (range(1, 200), "fine"),
        (range(3, 200), "act"),
        # Nights of ten hours are usual here, and eleven hours are no more than that.
        ([each for each in range(11, 400) if each % 24 < 14], "fine"),
        ([each for each in range(34, 400) if each % 24 < 14], "act"),
        (range(900, 1000), "act"),
        ([9], "fine"),
    ],
    ids=["every hour", "stopped", "a night", "after a night", "a month ago", "too little to tell"],
)
def test_a_pause_is_measured_by_those_before(context_of: ContextOf, hours: Sequence[int], state: str) -> None:
    """What is longer than twice the longest pause of a month is one too many."""
    (capturing,) = found(context_of(hourly(hours), names={}, now=NOW))["capturing"]
    assert capturing["state"] == state, capturing["words"]


def test_a_type_that_does_not_come_any_more(context_of: ContextOf) -> None:
    """Views go on, clicks stopped: with the date."""
    doings = [*TRAFFIC, Doing(50, {"type": "submit", "path": "/pricing"}, end=40)]
    (capturing,) = found(context_of(rows_of(doings), names={}, now=NOW))["capturing"]
    assert capturing["state"] == "act"
    assert "no submit since 2026-10-10" in capturing["words"]
    assert [each["silent_since"] for each in capturing["facts"]["types"]] == [None, "2026-10-10"]


def broken(context_of: ContextOf) -> Any:
    """A site with a name that a release broke, one whose page went, one that never was, one that is alive."""
    dom = Dom()
    box = page(dom)
    old, new, gone = (dom.put(box, "button", place, class_=f"b{place}") for place in (2, 3, 4))
    alive = dom.put(box, "button", 5, class_="b5")
    doings = [
        *TRAFFIC, *noise(dom, box), Doing(20, click(alive, "/docs", "Alive")),
        *released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now")),
        *released(click(gone, "/contest", "Enter"), None), Doing(90, view("/contest"), end=41),
    ]  # fmt: skip
    names = {"Bought": ".b2", "Entered": ".b4", "Alive": ".b5", "It's new": ".b9"}
    return context_of(
        rows_of(doings), now=NOW, nodes=list(dom.nodes.values()), elements=list(dom.elements.values()),
        names={name: parse_rules([{"css": css}]) for name, css in names.items()},
    )  # fmt: skip


def test_names(context_of: ContextOf) -> None:
    """A broken name comes with its repair and the command that takes it; an ended one needs nothing."""
    answer = doctor.run({}, broken(context_of))
    names = [each for each in answer["findings"] if each["check"] == "names"]
    assert [(each["state"], each["facts"].get("name")) for each in names] == [
        ("act", "Bought"), ("know", "Entered"), ("fine", None),
    ]  # fmt: skip
    assert names[0]["do"] == ["`backsight doctor --apply Bought` adds it."]
    assert names[0]["facts"]["repair"]["rule"]["text"] == {"op": "is", "value": "Buy now"}
    assert "button “Buy now” on /pricing" in names[0]["words"]
    assert names[2]["words"] == "2 names are as alive as ever."


def test_dead_selectors(context_of: ContextOf) -> None:
    """A selector that no element ever matched is named, with a command that can be pasted."""
    (dead,) = found(broken(context_of))["selectors"]
    assert (dead["state"], dead["facts"]["name"], dead["facts"]["css"]) == ("act", "It's new", ".b9")
    assert """`backsight events show 'It'"'"'s new'`""" in dead["do"][0]


# ── Attributes ──────────────────────────────────────────────────────────────────────────────────────────────


def trie_of(attributes: Sequence[Mapping[str, str | None]]) -> Trie:
    seen = {"site": "shop", "first_seen": datetime(2026, 10, 1, tzinfo=UTC)}
    rows = [
        {"element_id": at, "tag": "i", "namespace": "html", "attributes": list(each.items()), **seen}
        for at, each in enumerate(attributes)
    ]
    return Trie.build(table_of("nodes", []), table_of("elements", rows))


def test_values_are_counted_by_attribute() -> None:
    """Distinct values, elements that have it, and those whose value is withheld; over all blocks."""
    trie = trie_of([{"class": "a", "data-x": None}, {"class": "a", "data-x": "1"}, {"class": "b"}])
    more = [{"element_id": 9, "tag": "i", "namespace": "html", "attributes": [("class", "a"), ("id", None)],
             "site": "shop", "first_seen": NOW}]  # fmt: skip
    trie.extend(elements=table_of("elements", more))
    told = {each.attribute: (each.values, each.elements, each.withheld) for each in attributes_of(trie)}
    assert told == {"class": (2, 4, 0), "data-x": (1, 2, 1), "id": (0, 1, 1)}


@pytest.mark.parametrize(
    ("name", "values", "withheld", "state", "words"),
    [
        ("data-at", MAX_ATTRIBUTE_VALUES + 1, 3, "act", "none is kept any more"),
        ("data-at", MAX_ATTRIBUTE_VALUES // 2, 0, "act", "past 10,000 they are not kept"),
        ("data-at", 100, 3, "know", "too long, or masked"),
        ("data-at", 100, 0, "fine", "values of all attributes are kept"),
        ("class", MAX_ATTRIBUTE_VALUES, 0, "fine", "values of all attributes are kept"),
        ("class", MAX_ATTRIBUTE_VALUES * KEY_FACTOR, 9, "act", "new ones are not kept"),
    ],
)
def test_attributes(
    context_of: ContextOf, name: str, values: int, withheld: int, state: str, words: str
) -> None:
    """An attribute past its bound is named, one that is half way too; other withheld values are just told."""
    context = context_of(now=NOW, names={})
    object.__setattr__(
        context, "trie", trie_of([{name: str(at)} for at in range(values)] + [{name: None}] * withheld)
    )
    (attributes,) = found(context)["attributes"]
    assert attributes["state"] == state
    assert words in attributes["words"]


# ── Its doors ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "field"),
    [({"days": 0}, "days"), ({"days": 366}, "days"), ({"timezone": "Mars"}, "timezone"), ({"day": 1}, "day")],
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        doctor.run(request_, context_of(now=NOW))
    assert raised.value.field == field


def test_local_and_remote_say_the_same(tmp_path: Path) -> None:
    """`bs.open` and `bs.connect` find the same, and so does GET /v1/doctor."""
    write_data(tmp_path)
    with bs.open(tmp_path, threads=1) as site, served(tmp_path) as url:
        key = secret_key(tmp_path, "read")
        local = site.doctor()
        with bs.connect(url, key) as remote:
            asked = remote.doctor(as_of=local)
        assert asked.findings == local.findings
        assert asked.fine is local.fine is False
        got = httpx.get(f"{url}/v1/doctor?days=7", headers={"Authorization": f"Bearer {key}"})
    assert [each["check"] for each in got.json()["findings"]] == [each["check"] for each in local.findings]
    assert asked.title == "1 thing to do"
    assert "Nothing comes any more" in repr(local)
    assert local.to_polars()["check"].to_list() == [each["check"] for each in local.findings]


def lake_of(folder: Path, doings: Sequence[Doing], dom: Dom) -> None:
    """A data directory of a site on which this is done, up to today."""
    write_data(folder)
    shift = datetime.now(UTC).replace(hour=20, minute=0, second=0, microsecond=0) - NOW
    shift -= timedelta(days=1)
    moments = ("time", "client_time", "received_at")
    rows = [
        {**row, **{key: row[key] + shift for key in moments}, "date": (row["time"] + shift).date()}
        for row in rows_of(doings)
    ]
    for table, found in (
        ("events", rows),
        ("nodes", dom.nodes.values()),
        ("elements", dom.elements.values()),
    ):
        write_deltalake(str(folder / "lake" / table), table_of(table, list(found)), mode="append",
                        partition_by=PARTITIONS[table])  # fmt: skip


def test_the_command_line_tells_and_repairs(tmp_path: Path) -> None:
    """Exit code 1 while there is something to do; `--apply` adds the rule and keeps the rest."""
    dom = Dom()
    box = page(dom)
    old, new = (dom.put(box, "button", 2, class_=f"b{place}") for place in (2, 3))
    bought = released(click(old, "/pricing", "Buy now"), click(new, "/pricing", "Buy now"))
    lake_of(tmp_path, [*TRAFFIC, *noise(dom, box), *bought], dom)
    with bs.open(tmp_path, threads=1) as site:
        site.define("Bought it", css=".b2", description="On the way to the money")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["doctor", "--data", str(tmp_path), *arguments])

    told = run()
    assert told.exit_code == 1
    assert "! names: 'Bought it': Nothing since" in told.output
    assert "→ `backsight doctor --apply 'Bought it'` adds it." in told.output
    assert max(map(len, told.output.splitlines())) <= 100
    answer = json.loads(run("--json").output)
    assert answer["fine"] is False
    applied = run("--apply", "Bought it")
    assert applied.exit_code == 0, applied.output
    assert "'Bought it' stands in version 2" in applied.output
    with bs.open(tmp_path, threads=1) as site:
        event = site.event("Bought it")
        assert event.description == "On the way to the money"
        repair = next(each for each in answer["findings"] if each["facts"].get("name"))["facts"]["repair"]
        assert event.to_json()["rules"] == repair["rules"]
    refused = run("--apply", "Bought it")
    assert refused.exit_code == 1
    assert "nothing is proposed for 'Bought it'" in refused.output
    after = json.loads(run("--json").output)
    assert [each["state"] for each in after["findings"] if each["check"] == "names"] == ["fine"]
