"""`bs.connect` and `bs.open`: the same methods, the same answers, the same errors."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.keys import Keys
from backsight.questions import Questions
from backsight.remote import RemoteSite
from backsight.results import Result
from backsight.site import Site
from backsight.store.sqlite import SQLiteStore
from shop_site import secret_key, serve, served, write_data

OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
ANYTHING = {"on": "any", "label": "Anything"}

Ask = Callable[[Questions], Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with three named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit", description="The form on /join")
        site.define("Bought", rules={"on": "track", "name": "Order Completed"})
        site.define_cohort("Buyers", [{"did": "Bought"}], description="At least once")
        site.define_cohort("Listed", users=["ada"], devices=["d1", "d2"])
    return folder


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    """Where the shop's API is served."""
    with served(data) as address:
        yield address


@pytest.fixture(scope="module")
def local(data: Path) -> Iterator[Questions]:
    """The shop, read in place."""
    with bs.open(data, threads=1) as site:
        yield site


@pytest.fixture(scope="module")
def remote(data: Path, url: str) -> Iterator[Questions]:
    """The shop, over HTTP."""
    with bs.connect(url, secret_key(data, "admin")) as site:
        yield site


def said(value: object) -> object:
    """What an answer says, without what differs from one time to the next: milliseconds, who and when."""
    if isinstance(value, Result):
        answer = json.loads(json.dumps(value.answer))
        del answer["meta"]["ms"], answer["meta"]["now"]
        return type(value), answer, value.to_arrow().to_pylist()
    if isinstance(value, list):
        return [said(each) for each in value]
    return {key: each for key, each in asdict(value).items() if key not in {"actor", "at"}}  # type: ignore[call-overload]


# ── The same answers ────────────────────────────────────────────────────────────────────────────────────────

AT_JOIN = {"property": "path", "op": "is", "value": "/join"}
AT_PRICING = {"property": "path", "op": "is", "value": "/pricing"}

LATER: dict[str, Any] = {  # a moment for both: it tells how long ago something was
    "now": "2026-10-20T12:00:00Z",
    "snapshot": {"events": 0, "nodes": 0, "elements": 0, "statements": -1, "dead_letters": -1},
    "events": {"Viewed pricing": 1, "Signed up": 1, "Bought": 1},
}

READS: dict[str, Ask] = {
    "funnel": lambda site: site.funnel(["Viewed pricing", "Signed up", "Bought"], **OCTOBER),
    "funnel, every option": lambda site: site.funnel(
        ["Viewed pricing", {"event": "Signed up", "where": [AT_JOIN]}], window="2m", entry="first",
        from_="2026-10-02", to="2026-10-05", timezone="Asia/Tokyo", range="all",
        where=[{"property": "host", "op": "contains", "value": "SHOP"}],
        person_where=[{"property": "plan", "op": "is_not_set"}],
    ),
    "funnel, which attempts": lambda site: site.funnel(
        ["Viewed pricing", {"event": "Signed up", "optional": True}, {"event": "Bought", "first_ever": True}],
        order="strict", exclude=[ANYTHING, {"event": "Bought", "before": 3}], exclude_mode="person",
        hold="path", breakdown="browser", histogram={"from": 1, "to": 3}, curve=True, interval="week",
        **OCTOBER,
    ),
    "funnel, sessions": lambda site: site.funnel(
        ["Viewed pricing", "Signed up"], order="any", count="sessions", hold=["host"],
        session={"gap": "1h", "starts": ANYTHING}, **OCTOBER,
    ),
    "funnel, totals": lambda site: site.funnel(["Viewed pricing", "Signed up"], count="totals", **OCTOBER),
    "funnel, who": lambda site: site.funnel(
        ["Viewed pricing", "Signed up"], breakdown="path", **OCTOBER
    ).persons(2, dropped=True, group=["/pricing"], limit=1),
    "funnel, explained": lambda site: site.funnel(
        ["Viewed pricing", "Signed up", "Bought"], where=[AT_PRICING], **OCTOBER
    ).explain({"device": "ada"}, only=None, order="newest", limit=2),
    "funnel, somebody explained": lambda site: (
        found := site.funnel(["Viewed pricing", "Signed up"], **OCTOBER).persons(2)
    ).explain(found.persons[0]),
    "retention, explained": lambda site: site.retention(
        "Viewed pricing", ANYTHING, **OCTOBER
    ).explain("device:cyd"),
    "trend, explained": lambda site: site.trend(
        "Signed up", breakdown="path", **OCTOBER
    ).explain("device:cyd"),
    "lifecycle, explained": lambda site: site.lifecycle("Signed up", **OCTOBER).explain("device:cyd"),
    "stickiness, explained": lambda site: site.stickiness(ANYTHING, **OCTOBER).explain("device:cyd"),
    "paths, explained": lambda site: site.paths(**OCTOBER).explain("device:cyd"),
    "attribution, explained": lambda site: site.attribution(
        "Bought", ["path"], **OCTOBER
    ).explain("device:cyd"),
    "cohort, explained": lambda site: site.preview_cohort(
        [{"did": "Viewed pricing", "at_least": 2}, {"cohort": "Buyers"}]
    ).explain("device:cyd"),
    "person": lambda site: site.person("device:cyd"),
    "person, every option": lambda site: site.person(
        {"device": "cyd"}, order="oldest", limit=1, after=site.person("device:cyd", limit=3).next
    ),
    "funnel, since": lambda site: site.funnel(["Signed up"], since="520w"),
    "retention": lambda site: site.retention("Signed up", ANYTHING, periods=4, **OCTOBER),
    "retention, every option": lambda site: site.retention(
        "Viewed pricing", "Bought", "week", 3, cohort="first_ever", returned="on_or_after",
        week_start="sunday", timezone="Europe/Vienna", range="all", minimum=2, mode="rolling",
        breakdown="browser", measure={"measure": "sum", "property": "props.n"}, **OCTOBER,
    ),
    "retention, brackets": lambda site: site.retention(
        "Viewed pricing", ANYTHING, brackets=(1, 3), returned="streak",
        breakdown={"by": ["path"], "limit": 1}, **OCTOBER,
    ),
    "retention, cohort": lambda site: site.retention("Viewed pricing", ANYTHING, **OCTOBER).persons(
        "2026-10-01"
    ),
    "retention, who did not return": lambda site: site.retention(
        "Viewed pricing", "Signed up", breakdown="path", cohort="recurring", **OCTOBER
    ).persons("2026-10-02", 1, returned=False, group=["/pricing"], limit=1),
    "trend": lambda site: site.trend("Signed up", **OCTOBER),
    "trend, every option": lambda site: site.trend(
        ["Signed up", {"event": "Signed up", "measure": "persons"}, {**ANYTHING, "measure": "sessions"}],
        "week", week_start="sunday", timezone="America/New_York", **OCTOBER,
    ),
    "trend, every other option": lambda site: site.trend(
        ["Signed up", {**ANYTHING, "measure": "sessions"}], "all", breakdown=["path", "person.plan"],
        formulas=["A / B", {"formula": "B - A", "label": "x"}], cumulative=True, compare="previous",
        session={"gap": "30m"}, **OCTOBER,
    ),
    "trend, measures": lambda site: site.trend(
        [
            {**ANYTHING, "measure": "active_persons", "over": "7d"},
            {**ANYTHING, "measure": "p90", "property": "x"},
        ],
        breakdown="browser", smooth=3, **OCTOBER,
    ),
    "lifecycle": lambda site: site.lifecycle("Signed up", "week", week_start="sunday", **OCTOBER),
    "stickiness": lambda site: site.stickiness(
        ANYTHING, "hour", from_="2026-10-04", to="2026-10-05", timezone="Asia/Tokyo"
    ),
    "paths": lambda site: site.paths(**OCTOBER),
    "paths, every option": lambda site: site.paths(
        "Viewed pricing", "Bought", nodes=("Signed up", {"on": "pageview", "each": "path"}),
        rewrite=[{"matches": "g$", "as": ""}], groups=("/p*",), exclude=["Signed up"], repeats="keep",
        steps=3, limit=2, session={"gap": "1d", "starts": ANYTHING}, timezone="Asia/Tokyo",
        where=[AT_PRICING], person_where=[{"property": "plan", "op": "is_not_set"}], **OCTOBER,
    ),
    "paths, around": lambda site: site.paths(around="Signed up", since="520w"),
    "attribution": lambda site: site.attribution("Bought", **OCTOBER),
    "attribution, every option": lambda site: site.attribution(
        "Bought", ["path", "host"], "linear", touches=ANYTHING, lookback=timedelta(days=3), count="first",
        per="session", property="duration_ms", limit=1, session={"gap": "1d"}, timezone="Asia/Tokyo",
        where=[AT_PRICING], person_where=[{"property": "plan", "op": "is_not_set"}], **OCTOBER,
    ),
    "preview": lambda site: site.preview(css="form#signup button, form"),
    "preview, every option": lambda site: site.preview(
        css="form", on=["submit", "click"], match="target", text={"op": "contains", "value": "sign"},
        page={"host": {"op": "is", "value": "shop.example"}}, where=[{"property": "text", "op": "is_set"}],
    ),
    "activity": lambda site: site.activity(),
    "activity, every option": lambda site: site.activity(
        7, timezone="Asia/Tokyo", as_of=site.activity()
    ),
    "doctor": lambda site: site.doctor(as_of=LATER),
    "doctor, every option": lambda site: site.doctor(7, timezone="Asia/Tokyo", as_of=LATER),
    "elements": lambda site: site.elements(),
    "elements, every option": lambda site: site.elements(3, 90, as_of=site.elements()),
    "preview, against": lambda site: site.preview(
        on="submit", against={"on": ["submit", "pageview"], "page": {"path": {"op": "is", "value": "/join"}}}
    ),
    "preview, range": lambda site: site.preview(on="submit", from_="2026-10-04", timezone="Asia/Tokyo"),
    "preview, rules": lambda site: site.preview(rules=[{"on": "pageview"}, {"on": "track"}]),
    "trend, number": lambda site: site.trend(
        "Bought", where=[{"property": "props.n", "op": "lt", "value": 2**70}]
    ),
    "funnel, cohort": lambda site: site.funnel(
        ["Viewed pricing", "Signed up"], person_where=[{"cohort": "Buyers"}], **OCTOBER
    ),
    "preview of a cohort": lambda site: site.preview_cohort(
        [{"did": "Viewed pricing", "at_least": 1}, {"not": {"cohort": "Buyers"}}],
        timezone="Asia/Tokyo", limit=2,
    ),
    "cohorts": lambda site: site.cohorts(),
    "cohort": lambda site: site.cohort("Buyers"),
    "cohort, static": lambda site: site.cohort("Listed"),
    "cohort history": lambda site: site.cohort_history("Buyers"),
    "events": lambda site: site.events(),
    "event": lambda site: site.event("Signed up"),
    "history": lambda site: site.history("Signed up"),
}  # fmt: skip


@pytest.mark.parametrize("ask", READS.values(), ids=READS.keys())
def test_same_answer(local: Questions, remote: Questions, ask: Ask) -> None:
    """Every method gives the same over HTTP as in place."""
    assert said(ask(local)) == said(ask(remote))


REPORTS = {name: ask for name, ask in READS.items() if not name.startswith(("event", "history", "cohort"))}


@pytest.mark.parametrize("ask", REPORTS.values(), ids=REPORTS.keys())
def test_same_sql(local: Questions, remote: Questions, ask: Ask) -> None:
    """A result shows the same SQL over HTTP as in place, but for the moment at which it is asked."""
    texts = [ask(site).sql() for site in (local, remote)]
    here, there = ([line for line in text.splitlines() if not line.startswith("--")] for text in texts)
    assert here == there
    assert here


def test_something_is_answered(local: Questions) -> None:
    """What is compared is not emptiness: the shop's figures, counted by hand."""
    assert [step["count"] for step in READS["funnel, cohort"](local).steps] == [3, 2]
    assert READS["preview of a cohort"](local).total == 2
    funnel = local.funnel(["Viewed pricing", "Signed up", "Bought"], **OCTOBER)
    assert [step["count"] for step in funnel.steps] == [5, 3, 2]
    assert [step["count"] for step in READS["funnel, sessions"](local).steps] == [10, 0]
    assert READS["funnel, who"](local).total == 2
    assert [series["total"] for series in READS["trend, every option"](local).series] == [4, 4, 10]
    assert READS["preview"](local).events == 0
    assert READS["preview, every option"](local).events == 4
    assert READS["preview, rules"](local).events == 9


# ── The same errors ─────────────────────────────────────────────────────────────────────────────────────────

FAULTS: dict[str, Ask] = {
    "unknown name": lambda site: site.funnel(["Viewed pricing", "Signd up"]),
    "no steps": lambda site: site.funnel([]),
    "a name for the steps": lambda site: site.funnel("Signed up"),
    "a name for the rules": lambda site: site.define("A", rules="Signed up"),  # type: ignore[arg-type]
    "a predicate for the predicates": lambda site: site.trend("Signed up", where={"property": "path"}),  # type: ignore[arg-type]
    "selector": lambda site: site.preview(css="a:hover"),
    "malformed selector": lambda site: site.preview(css="a["),
    "operator": lambda site: site.trend(
        "Signed up", where=[{"property": "path", "op": "like", "value": "x"}]
    ),
    "to before from": lambda site: site.trend("Signed up", from_="2026-10-02", to="2026-10-01"),
    "timezone": lambda site: site.trend("Signed up", timezone="Mars/Base"),
    "window": lambda site: site.funnel(["Signed up"], window="soon"),
    "endless window": lambda site: site.funnel(["Signed up"], window="999999999w"),
    "choice": lambda site: site.retention("Signed up", "Bought", cohort="last_ever"),  # type: ignore[arg-type]
    "unknown event": lambda site: site.event("Signd up"),
    "unknown cohort": lambda site: site.cohort("Byers"),
    "unknown cohort's history": lambda site: site.cohort_history("Byers"),
    "activity": lambda site: site.activity(0),
    "elements": lambda site: site.elements(days=0),
    "doctor": lambda site: site.doctor(366),
    "link": lambda site: site.define_link("javascript:alert(1)"),
    "link, too long": lambda site: site.define_link("https://shop.example", 1_441),
    "cohort of nobody": lambda site: site.define_cohort("A"),
    "cohort of both": lambda site: site.define_cohort("A", [{"did": "Bought"}], users=["ada"]),
    "cohort of itself": lambda site: site.define_cohort("Buyers", [{"cohort": "Buyers"}]),
    "cohort conflict": lambda site: site.define_cohort("Buyers", [{"did": "Bought"}], expected_version=7),
    "frozen elsewhere": lambda site: site.freeze_cohort("Buyers", "Listed", expected_version=0),
    "freeze unknown": lambda site: site.freeze_cohort("Byers"),
    "preview of nobody": lambda site: site.preview_cohort([]),
    "delete unknown cohort": lambda site: site.delete_cohort("Byers"),
    "person": lambda site: site.define_cohort("A", persons=["ada"]),
    "unknown history": lambda site: site.history("Signd up"),
    "delete unknown": lambda site: site.delete_event("Signd up"),
    "name": lambda site: site.define("a\nb", css="a"),
    "empty name": lambda site: site.define(" ", css="a"),
    "rules": lambda site: site.define("A", rules=[]),
    "rule": lambda site: site.define("A", css="a", on="clik"),
    "conflict": lambda site: site.define("Signed up", css="a", expected_version=7),
    "exists": lambda site: site.define("Signed up", css="a", expected_version=0),
    "delete conflict": lambda site: site.delete_event("Signed up", expected_version=7),
    "long value": lambda site: site.trend(
        "Signed up", where=[{"property": "x", "op": "is", "value": "y" * 5_000}]
    ),
}


def raised(ask: Ask, site: Questions) -> tuple[Any, ...]:
    """The error's class, message, field and what would be valid."""
    with pytest.raises(bs.BacksightError) as error:
        ask(site)
    return type(error.value), error.value.message, error.value.field, error.value.valid, str(error.value)


@pytest.mark.parametrize("ask", FAULTS.values(), ids=FAULTS.keys())
def test_same_error(local: Questions, remote: Questions, ask: Ask) -> None:
    """Every fault raises the same error over HTTP as in place: class, message, field, what is valid."""
    assert raised(ask, local) == raised(ask, remote)
    assert issubclass(raised(ask, remote)[0], bs.InvalidRequest | bs.NotFound | bs.Conflict)


@pytest.mark.parametrize("value", [object(), float("nan")], ids=["object", "nan"])
def test_what_json_cannot_say(remote: Questions, value: object) -> None:
    """A value that JSON has no word for is refused before anything is sent."""
    with pytest.raises(bs.InvalidRequest, match="can't be said in JSON"):
        remote.trend({"on": "any", "where": [{"property": "x", "op": "is", "value": value}]})


# ── The same changes ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize(
    "name", ["Added", "Added/removed", "a/history", "..", "100 % “sûre”?#", "%2F", "買う"]
)
def test_a_named_events_life(where: str, name: str, request: pytest.FixtureRequest) -> None:
    """A name is defined, read, changed, kept from who saw an older version, deleted; its history stays."""
    site: Questions = request.getfixturevalue(where)
    first = site.define(name, css="form", on="submit", description="first")
    assert (first.name, first.description, first.deleted) == (name, "first", False)
    assert said(site.event(name)) == said(first)
    second = site.define(name, css="form", on=["submit", "click"], expected_version=first.version)
    assert second.version == first.version + 1
    with pytest.raises(bs.Conflict):
        site.define(name, css="form", expected_version=first.version)
    assert site.funnel([name], **OCTOBER).meta["events"] == {name: second.version}
    assert name in [event.name for event in site.events()]
    site.delete_event(name, expected_version=second.version)
    with pytest.raises(bs.NotFound):
        site.event(name)
    assert [(event.version, event.deleted) for event in site.history(name)][:3] == [
        (second.version + 1, True), (second.version, False), (first.version, False)
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize("name", ["Pro", "Pro/annual", "a/history", "a/freeze", "..", "買う"])
def test_a_cohorts_life(where: str, name: str, request: pytest.FixtureRequest) -> None:
    """A cohort is defined, used, frozen, kept from who saw an older version, deleted; its history stays."""
    site: Questions = request.getfixturevalue(where)
    first = site.define_cohort(name, [{"did": "Bought"}], description="first")
    assert (first.name, first.description, first.members, first.deleted) == (name, "first", None, False)
    assert said(site.cohort(name)) == said(first)
    answer = site.trend(ANYTHING, person_where=[{"cohort": name}], **OCTOBER)
    assert answer.meta["cohorts"] == {name: first.version}
    persons = site.preview_cohort([{"cohort": name}]).persons
    listed = site.define_cohort("Copy", persons=persons)
    assert (listed.members, listed.person_where) == (len(persons), None)
    frozen = site.freeze_cohort(name, expected_version=first.version)
    assert (frozen.version, frozen.members) == (first.version + 1, len(persons))
    assert site.preview_cohort([{"cohort": name}]).persons == persons
    with pytest.raises(bs.Conflict):
        site.define_cohort(name, [{"did": "Bought"}], expected_version=first.version)
    assert name in [cohort.name for cohort in site.cohorts()]
    site.delete_cohort(name, expected_version=frozen.version)
    site.delete_cohort("Copy")
    with pytest.raises(bs.NotFound):
        site.cohort(name)
    assert [(each.version, each.deleted) for each in site.cohort_history(name)][:3] == [
        (frozen.version + 1, True), (frozen.version, False), (first.version, False)
    ]  # fmt: skip


def test_links_to_the_definer(data: Path, local: Questions, remote: Questions) -> None:
    """A link leads to the page with a token that is good until it expires, wherever it was made."""
    for site in (local, remote):
        link = site.define_link("https://shop.example/#/cart", minutes=5)
        page, _, token = link.url.partition("&backsight-")
        assert page == "https://shop.example/#/cart"
        with SQLiteStore(data / "backsight.sqlite") as store:
            principal = Keys(store).authenticate(token)
        assert (principal.site, principal.origin) == ("shop", "https://shop.example")
        assert principal.expires == link.expires


def test_who_changed(local: Questions, remote: Questions) -> None:
    """A change over HTTP bears the key's id, one in place the user's name."""
    assert remote.define("By key", css="a").actor.startswith("k_")
    assert local.define("By key", css="b").actor.startswith("python")
    remote.delete_event("By key")


# ── Signatures ──────────────────────────────────────────────────────────────────────────────────────────────

METHODS = [
    name for name, value in inspect.getmembers(Questions, inspect.isfunction) if not name.startswith("_")
]


def test_methods() -> None:
    """The methods are those of the documentation."""
    reports, names = (
        (
            "funnel",
            "retention",
            "trend",
            "lifecycle",
            "stickiness",
            "paths",
            "attribution",
            "signals",
            "preview",
            "person",
        ),
        ("events", "event", "delete_event", "history", "define_link", "activity", "elements", "doctor"),
    )
    cohorts = ("cohorts", "cohort", "delete_cohort", "cohort_history", "freeze_cohort", "define_cohort")
    others = (
        "audit",
        "live",
        "delete_person",
        "preview_deletion",
        "deletion",
        "deletions",
        "preview_cohort",
        "plan",
        "apply",
        "export_events",
        "sql",
        "dbt_schema",
        "close",
    )
    saved = (
        "save", "saved", "saved_report", "saved_question", "saved_history", "delete_saved", "share", "links",
        "unshare",
    )  # fmt: skip
    assert set(METHODS) == {*reports, "define", *names, *cohorts, *others, *saved}


@pytest.mark.parametrize("name", METHODS)
def test_same_signature(name: str) -> None:
    """Every method has the same signature in place and over HTTP."""
    signatures = {inspect.signature(getattr(kind, name)) for kind in (Site, RemoteSite)}
    assert signatures == {inspect.signature(getattr(Questions, name))}


# ── The connection ──────────────────────────────────────────────────────────────────────────────────────────


def test_connect(data: Path, url: str) -> None:
    """A connection knows the site that its key belongs to; a slash that ends the address changes nothing."""
    with bs.connect(f"{url}/", secret_key(data, "read")) as site:
        assert site.site == "shop"
        assert site.preview(on="any").events == 13


@pytest.mark.parametrize(
    "key", ["", "wk_" + "a" * 40, "sk_short", "sk_" + "a" * 40, "sk_" + "a" * 30 + "\r\nX: y"]
)
def test_bad_key(url: str, key: str) -> None:
    """A key that is malformed or unknown is refused at once, and is not in the message."""
    with pytest.raises(bs.Refused) as error:
        bs.connect(url, key)
    assert not key or key not in str(error.value)


def test_scope(data: Path, url: str) -> None:
    """A key that may only read is told which scope a change needs."""
    with (
        bs.connect(url, secret_key(data, "read")) as site,
        pytest.raises(bs.Refused, match="no scope 'define'"),
    ):
        site.define("A", css="a")


@pytest.mark.parametrize(
    "address", ["shop.example", "ftp://shop.example", "http://", "http://[::1", "http://a b/"]
)
def test_bad_url(address: str) -> None:
    """What is no address of a web server is refused."""
    with pytest.raises(bs.BacksightError, match=r"url|URL"):
        bs.connect(address, "sk_" + "a" * 40)


def test_nobody_answers() -> None:
    """A server that can't be reached is unavailable, and the address is named."""
    with pytest.raises(bs.Unavailable, match=r"http://127\.0\.0\.1:9 does not answer"):
        bs.connect("http://127.0.0.1:9", "sk_" + "a" * 40)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>Bad gateway"),
        (301, b""),
        (500, b"[]"),
        (404, b'{"detail": "Not Found"}'),
        (200, b"<html>"),
    ],
)
def test_not_our_api(status: int, body: bytes) -> None:
    """An answer that is not this API's is unavailable, whatever it holds."""

    async def other(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send(
                {
                    "type": "http.response.start",
                    "status": status,
                    "headers": [(b"location", b"https://x.example/")],
                }
            )
            await send({"type": "http.response.body", "body": body})

    with serve(other) as address, pytest.raises(bs.Unavailable):
        bs.connect(address, "sk_" + "a" * 40)


def test_a_later_server_may_say_more() -> None:
    """Fields of a named event that this version does not know are passed over."""
    event = {"name": "A", "rules": [{"on": "any"}], "description": "", "version": 1, "actor": "ada",
             "at": "2026-11-01T00:00:00+00:00", "deleted": False, "owner": "bob"}  # fmt: skip

    async def later(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send(
                {"type": "http.response.body", "body": json.dumps({"site": "x", "events": [event]}).encode()}
            )

    with serve(later) as address, bs.connect(address, "sk_" + "a" * 40) as site:
        assert [each.name for each in site.events()] == ["A"]


def test_threads(remote: Questions) -> None:
    """One connection may be shared between threads."""
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: remote.preview(on="any").events, range(12)))
    assert counts == [13] * 12
