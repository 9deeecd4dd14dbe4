"""Cohorts of an open site: asked for in reports, asked again as of an answer, frozen, and listed in pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import backsight as bs
from backsight.errors import InvalidRequest
from backsight.site import Site
from shop_site import write_data

OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
SEEN = {"did": "Viewed pricing"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The shop, with two named events."""
    write_data(tmp_path)
    with bs.open(tmp_path, threads=1) as opened:
        opened.define("Viewed pricing", on="pageview", page="/pricing")
        opened.define("Bought", rules={"on": "track", "name": "Order Completed"})
        yield opened


def total(site: Site, *conditions: dict[str, Any], **asked: Any) -> int:
    return site.preview_cohort(list(conditions), **asked).total


def test_an_earlier_answer_means_the_cohorts_of_then(site: Site) -> None:
    """Changed, made a list or deleted since: as of an answer a cohort is what it was, and those it uses."""
    site.define_cohort("Seen", [SEEN])
    site.define_cohort("Undecided", [{"cohort": "Seen"}, {"did": "Bought", "exactly": 0}])
    asked = {"person_where": [{"cohort": "Undecided"}], **OCTOBER}
    earlier = site.trend({"on": "any", "measure": "persons"}, **asked)
    assert earlier.meta["cohorts"] == {"Seen": 1, "Undecided": 1}
    site.define_cohort("Seen", users=["nobody"])
    assert (
        site.trend({"on": "any", "measure": "persons"}, **asked).answer["series"] != earlier.answer["series"]
    )
    assert earlier.again().answer["series"] == earlier.answer["series"]
    site.delete_cohort("Undecided")
    site.delete_cohort("Seen")
    assert earlier.again().answer["series"] == earlier.answer["series"]
    assert total(site, {"cohort": "Undecided"}, as_of=earlier) == 2


def test_freezing_lists_who_is_in_now(site: Site) -> None:
    """The frozen one keeps its persons when the conditions, or what their events mean, change."""
    site.define_cohort("Seen", [SEEN], description="Saw the prices")
    before = site.preview_cohort([{"cohort": "Seen"}]).persons
    frozen = site.freeze_cohort("Seen", "Seen then")
    assert (frozen.members, frozen.person_where, frozen.version) == (len(before), None, 1)
    assert frozen.description.startswith("Seen, version 1, frozen on ")
    site.define("Viewed pricing", css="a.nowhere")
    assert (total(site, {"cohort": "Seen"}), total(site, {"cohort": "Seen then"})) == (0, len(before))
    assert site.preview_cohort([{"cohort": "Seen then"}]).persons == before


def test_freezing_in_place_is_a_version(site: Site) -> None:
    """Without another name the cohort itself becomes the list; its history tells what it was."""
    site.define_cohort("Seen", [SEEN])
    site.freeze_cohort("Seen")
    assert [(each.version, each.members is None) for each in site.cohort_history("Seen")] == [
        (2, False),
        (1, True),
    ]


def test_a_cohort_that_lost_what_it_names_says_so(site: Site) -> None:
    """Where a named event was deleted since, the question is refused at the condition's place."""
    site.define_cohort("Seen", [{"any": [SEEN]}])
    site.delete_event("Viewed pricing")
    place = r"^person_where\[0\]\.cohort\.person_where\[0\]\.any\[0\]\.did: there is no named event"
    for ask in (
        lambda: site.trend({"on": "any"}, person_where=[{"cohort": "Seen"}]),
        lambda: site.preview_cohort([{"cohort": "Seen"}]),
    ):
        with pytest.raises(bs.InvalidRequest, match=place):
            ask()


def test_pages_of_a_cohort(site: Site) -> None:
    """Persons come page by page, each once, and tables show what is there."""
    whole = site.preview_cohort([SEEN])
    first = site.preview_cohort([SEEN], limit=3)
    rest = site.preview_cohort([SEEN], limit=3, after=first.next)
    assert (first.total, rest.next) == (whole.total, None)
    assert first.persons + rest.persons == whole.persons
    assert whole.to_arrow()["person"].to_pylist() == [each["person"] for each in whole.persons]
    assert whole.persons[0]["person"] in repr(whole)
    assert whole.spec()["data"]["values"] == [{"words": "5 persons"}]


@pytest.mark.parametrize("kind", ["users", "devices", "persons"])
def test_one_id_is_no_list_of_them(site: Site, kind: str) -> None:
    """A string in place of a list does not fall apart into its letters."""
    with pytest.raises(InvalidRequest, match=rf"static\.{kind}: '12' is not a list"):
        site.define_cohort("Two", **{kind: "12"})
    site.define_cohort("Two", **{kind: {"1", "2"}})
    assert site.cohort("Two").members == 2
