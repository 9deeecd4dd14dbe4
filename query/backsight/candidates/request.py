"""The request for candidates: the page's tables, the element that is held, and what the snippet says of it.

{"elements": [{"tag", "ns", "attrs"}], "nodes": [[…]], "node": 12, "text", "label", "target_text",
 "target_label", "href", "texts": [[node, text]], "page": {"url", "title"}, "on": "click"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backsight.candidates.page import Page
from backsight.candidates.tables import read_page
from backsight.contract import ELEMENT_TYPES, MAX_BATCH_NODES, MAX_TEXT_CHARS, MAX_URL_CHARS
from backsight.errors import shown
from backsight.fields import check_text, read_choice, read_list, read_object, read_whole, refuse

TEXTS: Final = ("text", "label", "target_text", "target_label")
FIELDS: Final = ("elements", "nodes", "node", *TEXTS, "href", "texts", "page", "on")
REQUIRED: Final = ("elements", "nodes", "node")


@dataclass(frozen=True)
class Asked:
    """The request, checked."""

    page: Page
    node: int
    on: str
    text: str
    label: str
    texts: Mapping[int, str]
    """What elements of the page say, as far as it is known."""


def parse(request: Mapping[str, object]) -> Asked:
    """The request, checked. Raises InvalidRequest, naming the field."""
    fields = {key: value for key, value in read_object(request, "", FIELDS).items() if value is not None}
    for name in REQUIRED:
        if name not in fields:
            refuse(f"{shown(name)} is missing.", name, valid="the page's tables and the held element's place")
    page = read_page(fields["elements"], fields["nodes"])
    node = read_whole(fields["node"], "node", 0, page.size - 1)
    said = {name: _text(fields.get(name, ""), name, MAX_TEXT_CHARS) for name in TEXTS}
    _text(fields.get("href", ""), "href", MAX_URL_CHARS)
    _check_place(fields.get("page", {}))
    on = read_choice(fields.get("on", "click"), "on", [kind.value for kind in ELEMENT_TYPES])
    texts = _texts(fields.get("texts", ()), page.size)
    return Asked(page, node, on, said["text"], said["label"], texts)


def _check_place(value: object) -> None:
    place = read_object(value, "page", ("url", "title"))
    for name in ("url", "title"):
        if place.get(name) is not None:
            _text(place[name], f"page.{name}", MAX_URL_CHARS)


def _texts(value: object, size: int) -> dict[int, str]:
    found: dict[int, str] = {}
    for at, entry in enumerate(read_list(value, "texts", MAX_BATCH_NODES, shortest=0)):
        pair = read_list(entry, f"texts[{at}]", 2, shortest=2)
        node = read_whole(pair[0], f"texts[{at}][0]", 0, size - 1)
        found[node] = _text(pair[1], f"texts[{at}][1]", MAX_TEXT_CHARS)
    return found


def _text(value: object, field: str, longest: int) -> str:
    if not isinstance(value, str):
        refuse(f"{shown(value)} is not a string.", field, value, "a string")
    return check_text(value, field, longest)
