"""A site in a data directory: opened in place, named and asked, always as of the last commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.data_directory import DataDirectory
from backsight.lake import Snapshot
from backsight.site import Site
from backsight.store.sqlite import SQLiteStore
from shop_site import write_data, write_more

OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
PRICING = {"on": "pageview", "page": {"path": {"op": "is", "value": "/pricing"}}}
SIGNUP = {"on": "submit", "css": "form#signup"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory; no test of this module changes its lake."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    return folder


@pytest.fixture
def site(data: Path) -> Iterator[Site]:
    """The shop, opened."""
    with bs.open(data) as opened:
        yield opened


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_site(site: Site) -> None:
    """The one site of a directory needs no name."""
    assert site.site == "shop"
    assert repr(site) == "<Site 'shop'>"


def test_several_sites(tmp_path: Path) -> None:
    """Of several sites one has to be named; the error lists them, and nothing stays open."""
    write_data(tmp_path, "blog", "shop")
    with pytest.raises(bs.InvalidRequest, match=r"several sites.*'blog', 'shop'"):
        bs.open(tmp_path)
    with bs.open(tmp_path, site="blog") as blog:
        assert blog.site == "blog"
        assert blog.preview(on="any").events == 13


@pytest.mark.parametrize(("name", "value"), [("memory", "lots"), ("threads", 0)])
def test_unusable_bounds(data: Path, name: str, value: Any) -> None:
    """Bounds that can't be used are refused by name, with what would be valid."""
    with pytest.raises(bs.ConfigurationError, match=rf"^{name}: .*Valid: "):
        bs.open(data, **{name: value})


def test_unknown_site(data: Path) -> None:
    """A site that does not exist is not found, and the nearest is named."""
    with pytest.raises(bs.NotFound, match=r"no site 'shp'.*did you mean 'shop'"):
        bs.open(data, site="shp")


def test_missing_directory(tmp_path: Path) -> None:
    """A directory that does not exist, is a file or holds no database is refused, and not made."""
    with pytest.raises(bs.NotFound, match=r"does not exist.*backsight up"):
        bs.open(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()
    with pytest.raises(bs.NotFound, match=r"holds no backsight\.sqlite"):
        bs.open(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(bs.NotFound, match="is not a directory"):
        bs.open(tmp_path / "file")


def test_directory_without_sites(tmp_path: Path) -> None:
    """A directory in which no site was made yet says so."""
    SQLiteStore(tmp_path / "backsight.sqlite").close()
    with pytest.raises(bs.NotFound, match="holds no site yet"):
        bs.open(tmp_path)


def test_empty_lake(tmp_path: Path) -> None:
    """A site at which nothing was captured yet answers every report with nothing."""
    from backsight.sites import ensure_site

    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        ensure_site(store, "shop", "test")
    with bs.open(tmp_path) as empty:
        assert empty.funnel([PRICING, SIGNUP]).to_polars()["count"].to_list() == [0, 0]
        assert empty.trend(PRICING).meta["watermark"] is None
        assert empty.retention(PRICING, SIGNUP).to_polars().height >= 0
        assert empty.preview(css="form").events == 0


def test_closed_site(data: Path) -> None:
    """A closed site lets go of its database, and its directory can be opened again."""
    first = bs.open(data)
    first.close()
    with bs.open(data) as second:
        assert second.preview(on="any").events == 13


# ── Asking ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_moments(site: Site) -> None:
    """A date, its text, an aware datetime and an instant ask the same; a naive datetime is refused."""
    ways: list[Any] = [
        date(2026, 10, 2),
        "2026-10-02",
        datetime(2026, 10, 2, tzinfo=UTC),
        "2026-10-02T00:00:00Z",
    ]
    counts = [site.funnel([PRICING], from_=way, to="2026-10-31").steps[0]["count"] for way in ways]
    assert counts == [3, 3, 3, 3]
    with pytest.raises(bs.InvalidRequest, match=r"from_: .*says no timezone"):
        site.funnel([PRICING], from_=datetime(2026, 10, 2))  # that is the case
    with pytest.raises(bs.InvalidRequest, match="both 'from_' and 'since'"):
        site.trend([PRICING], from_="2026-10-02", since="30d")


def test_since(site: Site) -> None:
    """`since` reaches back from now: far enough for all there is, or too short for any of it."""
    assert site.funnel([PRICING], since="520w").steps[0]["count"] == 5
    assert site.funnel([PRICING], since=timedelta(days=3_650)).steps[0]["count"] == 5
    assert site.trend(PRICING, since=timedelta(seconds=90)).series[0]["total"] == 0
    with pytest.raises(bs.InvalidRequest, match=r"^from: .*'soon'"):
        site.funnel([PRICING], since="soon")


def test_window(site: Site) -> None:
    """A window may be a timedelta."""
    steps: list[dict[str, Any]] = [PRICING, SIGNUP]
    assert site.funnel(steps, window=timedelta(minutes=2)).steps[1]["count"] == 2
    assert site.funnel(steps, window="119s").steps[1]["count"] == 1


def test_unknown_option(site: Site) -> None:
    """An option that does not exist is refused by the signature."""
    with pytest.raises(TypeError, match="windw"):
        site.funnel([PRICING], windw="7d")  # type: ignore[call-arg]


def test_sql(site: Site) -> None:
    """Each report shows its SQL and what its parameters stand for."""
    results = [site.funnel([PRICING], **OCTOBER), site.retention(PRICING, SIGNUP, **OCTOBER),
               site.trend([PRICING], **OCTOBER), site.preview(css="form")]  # fmt: skip
    for result in results:
        assert "select" in result.sql()
    assert "/pricing" in results[0].sql()


def test_a_commit_shows_at_once(tmp_path: Path) -> None:
    """What was committed since the last report is in the next, elements included; each answer says its
    snapshot.
    """
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        first = site.preview(css="form#signup", on="submit")
        write_more(tmp_path, "gus", "07 09:00 pricing", "07 09:05 signup")
        second = site.preview(css="form#signup", on="submit")
    assert (first.events, second.events) == (4, 5)
    assert second.meta["snapshot"]["events"] == first.meta["snapshot"]["events"] + 1


def test_trie_reads_each_file_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trie is kept between reports: nodes and elements that were read are not read again."""
    read: list[str] = []
    rows = Snapshot.rows

    def counted(self: Snapshot, table: str, files: Any = None) -> Any:
        read.append(table)
        return rows(self, table, files)

    monkeypatch.setattr(Snapshot, "rows", counted)
    with bs.open(data) as site:
        for _ in range(3):
            site.preview(css="form")
    assert sorted(table for table in read if table != "statements") == ["elements", "nodes"]


def test_threads(tmp_path: Path) -> None:
    """Many threads may ask while events and definitions come in; each answer is of one snapshot and one
    version.
    """
    write_data(tmp_path)
    done = threading.Event()

    def write() -> None:
        for number in range(8):
            write_more(tmp_path, f"visitor {number}", "07 09:00 pricing", "07 09:05 signup")
        done.set()

    with bs.open(tmp_path) as site, ThreadPoolExecutor(5) as pool:
        site.define("Signed up", css="form#signup", on="submit")
        writing = pool.submit(write)

        def ask() -> list[bool]:
            checks = []
            while not done.is_set():
                answer = site.funnel([PRICING, "Signed up"], **OCTOBER)
                grown = answer.meta["snapshot"]["events"]
                checks.append([step["count"] for step in answer.steps] == [5 + grown, 3 + grown])
            return checks

        checks = [check for asked in [pool.submit(ask) for _ in range(3)] for check in asked.result()]
        writing.result()
    assert checks
    assert all(checks)


# ── Naming ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ({"css": "form#signup", "on": "submit"}, [SIGNUP]),
        ({"css": ".btn"}, [{"on": "click", "css": ".btn"}]),
        ({"css": ".btn", "match": "target"}, [{"on": "click", "css": ".btn", "match": "target"}]),
        ({"on": "pageview", "page": "/pricing"}, [PRICING]),
        ({"on": ("click", "submit"), "text": "Go"},
         [{"on": ["click", "submit"], "text": {"op": "is", "value": "Go"}}]),
        ({"on": "click", "where": [{"property": "browser", "op": "is_set"}]},
         [{"on": "click", "where": [{"property": "browser", "op": "is_set"}]}]),
        ({"rules": SIGNUP}, [SIGNUP]),
        ({"rules": [SIGNUP, PRICING]}, [SIGNUP, PRICING]),
    ],
)  # fmt: skip
def test_define(tmp_path: Path, arguments: dict[str, Any], rules: list[Any]) -> None:
    """Keyword arguments stand for a rule as the API writes it; `rules` for several."""
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        event = site.define("Named", **arguments, description="why")
        assert event.to_json()["rules"] == rules
        assert (event.name, event.version, event.description) == ("Named", 1, "why")
        assert event.actor.startswith("python")


def test_define_nothing(site: Site) -> None:
    """A definition without a rule, or with one in words beside `rules`, is refused."""
    with pytest.raises(bs.InvalidRequest, match=r"rules\[0\]\.on: the event type is missing"):
        site.define("Named")
    with pytest.raises(bs.InvalidRequest, match="'css' and 'rules' are given both"):
        site.define("Named", css="a", rules=[SIGNUP])
    with pytest.raises(bs.UnsupportedSelector, match="hover"):
        site.define("Named", css="a:hover")
    assert site.events() == []


def test_data_directory_gives_one_site_object(data: Path) -> None:
    """A data directory gives the same site every time, so that its trie is kept between requests."""
    directory = DataDirectory(data)
    try:
        assert directory.site("shop") is directory.site("shop")
        with pytest.raises(bs.NotFound):
            directory.site("blog")
    finally:
        directory.close()
