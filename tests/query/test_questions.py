"""How the Python methods write down what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.errors import InvalidRequest
from backsight.questions import Questions
from shop_site import write_data

STEPS = ["Viewed pricing", "Signed up"]
OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
MOBILE = {"property": "device_type", "op": "is_not", "value": "mobile"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Questions]:
    """The shop, with two named events."""
    folder: Path = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder, threads=1) as opened:
        opened.define("Viewed pricing", on="pageview", page="/pricing")
        opened.define("Signed up", css="form#signup", on="submit")
        yield opened


ALONE: dict[str, tuple[Callable[[Questions, Any], Any], Any]] = {
    "exclude": (lambda site, one: site.funnel(STEPS, exclude=one, **OCTOBER).steps, "Signed up"),
    "hold": (lambda site, one: site.funnel(STEPS, hold=one, **OCTOBER).steps, "path"),
    "where": (lambda site, one: site.funnel(STEPS, where=one, **OCTOBER).steps, MOBILE),
    "person_where": (
        lambda site, one: site.retention(STEPS[0], STEPS[1], person_where=one, **OCTOBER).rows,
        {"did": "Signed up"},
    ),
    "formulas": (lambda site, one: site.trend(STEPS, formulas=one, **OCTOBER).series, "A / B"),
    "formula and label": (
        lambda site, one: site.trend(STEPS, formulas=one, **OCTOBER).series,
        {"formula": "A / B", "label": "views"},
    ),
    "series": (lambda site, one: site.trend(one, **OCTOBER).series, "Signed up"),
    "by": (lambda site, one: site.attribution("Signed up", by=one, **OCTOBER).groups, "path"),
    "nodes": (
        lambda site, one: site.paths(nodes=one, **OCTOBER).edges, {"on": "pageview", "each": "path"},
    ),
    "groups": (lambda site, one: site.paths(groups=one, **OCTOBER).edges, "/p*"),
    "rewrite": (
        lambda site, one: site.paths(rewrite=one, **OCTOBER).edges, {"matches": "^/p", "as": "/q"},
    ),
    "preview": (lambda site, one: site.preview(on="any", where=one).events, MOBILE),
    "cohort": (lambda site, one: site.preview_cohort(one).total, {"did": "Signed up"}),
    "group of a funnel": (
        lambda site, one: site.funnel(STEPS, breakdown="path", **OCTOBER).persons(1, group=one).total,
        "/pricing",
    ),
    "group of a row": (
        lambda site, one: site.retention(STEPS[0], STEPS[1], breakdown="path", **OCTOBER)
        .persons("2026-10-01", group=one).total,
        "/pricing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALONE)
def test_one_alone_is_a_list_of_one(site: Questions, name: str) -> None:
    """Wherever several may be given, one may be without brackets; a text does not fall apart into letters."""
    asked, one = ALONE[name]
    assert asked(site, one) == asked(site, [one])


def test_the_steps_of_a_funnel_are_a_list(site: Questions) -> None:
    """One step is no funnel that somebody means: it is refused by name."""
    with pytest.raises(InvalidRequest, match="steps: 'Viewed pricing' is not a list"):
        site.funnel("Viewed pricing")


def test_a_number_that_is_out_of_range(site: Questions) -> None:
    """A whole number that is too large is not called none."""
    with pytest.raises(InvalidRequest, match=r"step: 3 is out of range\. Valid: 1 to 2"):
        site.funnel(STEPS, **OCTOBER).persons(3)
    with pytest.raises(InvalidRequest, match=r"minimum: 1\.5 is not a whole number\. Valid: 1 to 1,000"):
        site.retention(STEPS[0], STEPS[1], minimum=1.5)  # type: ignore[arg-type]


def test_nothing_is_previewed_in_one_line(site: Questions) -> None:
    """What a rule never matched has no table of days without any."""
    assert repr(site.preview(css="a.nowhere")) == "0 events by 0 persons"


def test_a_group_that_is_none_is_told_from_those_that_are(site: Questions) -> None:
    """The nearest groups are named; in funnels and in retention, whose tables show them."""
    funnel = site.funnel(STEPS, breakdown="path", **OCTOBER)
    with pytest.raises(InvalidRequest, match=r"no such group\. Valid: did you mean '/pricing'"):
        funnel.persons(1, group="/prices")
    retention = site.retention(STEPS[0], STEPS[1], breakdown=["path", "query"], **OCTOBER)
    with pytest.raises(InvalidRequest, match=r"no such group\. Valid: did you mean '/pricing, null'"):
        retention.persons("2026-10-01", group=["/pricing", "x"])
