"""The tables of a page, read as they stand on the wire (docs/reference/wire.md).

They are as hostile as a batch: what is out of bounds or does not hang together is refused, naming the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

import numpy as np

from backsight.candidates.page import Page, Positions
from backsight.candidates.tokens import Attributes
from backsight.contract import (
    MAX_ATTRIBUTE_CHARS,
    MAX_BATCH_NODES,
    MAX_NAME_CHARS,
    NAMESPACES,
    is_captured_attribute,
)
from backsight.errors import shown
from backsight.fields import check_text, read_choice, read_list, read_object, read_string, refuse

MOST_ATTRIBUTES: Final = 500
MOST_CHARACTERS: Final = 1_000_000
"""Of all of an element's attributes together."""
MOST_NUMBER: Final = 2**31 - 1
NODE: Final = "[parent, element, child_index, child_last, type_index, type_last, flags]"


def read_page(elements: object, nodes: object) -> Page:
    """The page that two tables describe. Raises InvalidRequest, naming the entry."""
    listed = read_list(elements, "elements", MAX_BATCH_NODES)
    described = [_read_element(each, f"elements[{place}]") for place, each in enumerate(listed)]
    return Page(described, _read_nodes(read_list(nodes, "nodes", MAX_BATCH_NODES), len(described)))


def _read_element(value: object, field: str) -> tuple[str, str, Attributes]:
    entry = read_object(value, field, ("tag", "ns", "attrs"))
    tag = read_string(entry.get("tag"), f"{field}.tag", MAX_NAME_CHARS)
    namespace = entry.get("ns")
    if namespace is not None:
        namespace = read_choice(namespace, f"{field}.ns", NAMESPACES)
    return tag, str(namespace or "html"), _read_attributes(entry.get("attrs", {}), f"{field}.attrs")


def _read_attributes(value: object, field: str) -> Attributes:
    if not isinstance(value, Mapping):
        refuse(f"{shown(value)} is not an object.", field, value, "an object of attributes")
    if len(value) > MOST_ATTRIBUTES:
        refuse(f"there are {len(value):,} attributes.", field, valid=f"at most {MOST_ATTRIBUTES}")
    known = {
        name: each for name, each in value.items() if _is_name(name) and is_captured_attribute(name.lower())
    }
    for name, each in known.items():
        if each is not None and not isinstance(each, str):
            refuse(
                f"{shown(each)} is not a string.",
                f"{field}.{name}",
                each,
                "a string, or null where it was withheld",
            )
    check_text("".join([*known, *filter(None, known.values())]), field, MOST_CHARACTERS)
    return {
        name: each if each is None or len(each) <= MAX_ATTRIBUTE_CHARS else None
        for name, each in known.items()
    }


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS


def _read_nodes(rows: Sequence[object], elements: int) -> Positions:
    read = np.zeros((len(rows), 7), np.int64)
    for place, row in enumerate(rows):
        if not isinstance(row, list | tuple) or len(row) not in (6, 7) or not all(map(_is_number, row)):
            _broken(place, row, NODE)
        if not -1 <= row[0] < place:
            _broken(place, row, "a parent that comes before it, or -1")
        if not 0 <= row[1] < elements:
            _broken(place, row, f"an element, 0 to {elements - 1}")
        if min(row[2:6]) < 1 or min(row[6:], default=0) < 0:
            _broken(place, row, "places from 1, and flags from 0")
        read[place, : len(row)] = row
    return read


def _is_number(value: Any) -> bool:
    return type(value) is int and -1 <= value <= MOST_NUMBER


def _broken(place: int, row: object, valid: str) -> NoReturn:
    refuse(f"{shown(row)} is no node.", f"nodes[{place}]", row, valid)
