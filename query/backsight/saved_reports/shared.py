"""What is told to whoever has a link: the answer of one saved report, less what it says about the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from backsight.errors import shown
from backsight.fields import refuse
from backsight.saved_reports.report import SavedReport

TOLD_OF_META: Final = ("now", "watermark", "warnings")
"""How fresh the figures are and what has to be known of them. Names of other things, versions of tables and
how long it took are not for strangers.
"""
MOMENTS: Final = ("from", "to", "timezone")

Json = dict[str, Any]


def shared_answer(answer: Mapping[str, Any]) -> Json:
    """An answer as it may be shown to anybody who has a link."""
    meta = {name: answer["meta"][name] for name in TOLD_OF_META}
    return {**answer, "meta": meta}


def range_of(saved: SavedReport) -> Json:
    """Which days a saved report is about, in the words of its request; null: from or up to whenever."""
    request = saved.request
    for inner in ("funnel", "retention"):  # of signals
        request = request.get(inner, request) if saved.report == "signals" else request
    asked = {"timezone": "UTC", **request}
    return {name: asked.get(name) for name in MOMENTS}


def require_shareable(saved: SavedReport) -> None:
    """Raises InvalidRequest for a report whose groups or nodes are values of persons' traits: a link tells
    nothing about persons.
    """
    for name in _grouped_by(saved.request):
        if name.startswith("person."):
            message = f"{shown(saved.name)} is broken down by {shown(name)}, which tells about persons."
            refuse(message, "name", saved.name, "a report broken down by properties of events, or by none")


def _grouped_by(value: object) -> Iterator[str]:
    """The properties whose values an answer names."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in ("by", "each"):
                yield from (name for name in _listed(each) if isinstance(name, str))
            yield from _grouped_by(each)
    elif isinstance(value, list):
        for each in value:
            yield from _grouped_by(each)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
