"""Visits to what stands at a place, counted by day and node: of one thing, or of many in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.candidates.meant import meant_by
from backsight.candidates.page import Page
from backsight.candidates.places import places_of, places_on
from backsight.contract import EVENTS
from backsight.engine import Files, Relation
from backsight.scan.context import Context
from backsight.scan.matched import Query
from backsight.selectors.ids import Mask, Positions
from backsight.sql import load_sql

DAYS: Final = 90
"""How far back is looked."""
RECENT: Final = 7
EVERY: Final = 4
"""Of what is used a lot, the last days are looked at and, before them, every so many days."""
MANY_VISITS: Final = 400
"""Visits on these days, from which on the others need not be looked at."""
MOST_NODES: Final = 20_000
"""Nodes of a place that are looked at: the latest."""
MOST_ROWS: Final = 200_000
"""Of one place."""
COLUMNS: Final = ("time", "node_id", "session")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Said:
    """What an element says: its text, or where it has none its accessible name."""

    property: str
    value: str


@dataclass(frozen=True)
class Sought:
    """A thing whose uses are counted: the nodes of the trie that stand at its place, and what it says."""

    at: Positions
    said: Said | None

    @property
    def kin(self) -> int:
        """The same for all things at one place: the first of its nodes."""
        return int(self.at[0]) if len(self.at) else -1


@dataclass(frozen=True)
class Counted:
    """Uses of what stands at a place: a row a day, a node and whether it said what is sought."""

    place: Positions
    day: Numbers
    says: Mask
    visits: Numbers


def alike(page: Page, node: int, context: Context) -> Positions:
    """The nodes of the trie that stand at the place of a node of the page, by their positions."""
    place = int(places_on(page)[node])
    return np.flatnonzero(places_of(context.trie) == place)[-MOST_NODES:].astype(np.int32)


def count_together(sought: Sequence[Sought], context: Context) -> list[Counted]:
    """The uses of each of some things, in few statements: one by one, each would read its place's again."""
    found = _counted(sought, context, sampled=True)
    few = [number for number, each in enumerate(found) if each.visits.sum() < MANY_VISITS]
    every = _counted([sought[number] for number in few], context, sampled=False)
    for number, each in zip(few, every, strict=True):
        found[number] = each
    return found


def _counted(sought: Sequence[Sought], context: Context, *, sampled: bool) -> list[Counted]:
    if not sought:
        return []
    rows = query(sought, context, sampled=sampled).run(context)
    kin, said = rows["kin"].to_numpy(), rows["said"].to_numpy()
    place, visits = rows["place"].to_numpy().astype(np.int32), rows["visits"].to_numpy()
    day = rows["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    numbers = _numbers(sought)
    of_kin = {first: np.flatnonzero(kin == first) for first in {each.kin for each in sought}}
    return [
        Counted(place[at], day[at], said[at] == numbers.get((each.kin, each.said), -1), visits[at])
        for each in sought
        for at in [of_kin[each.kin]]
    ]


def _numbers(sought: Sequence[Sought]) -> dict[tuple[int, Said | None], int]:
    """What is said at some place, numbered from 1."""
    told = dict.fromkeys((each.kin, each.said) for each in sought if each.said is not None)
    return {each: number for number, each in enumerate(told, 1)}


def query(sought: Sequence[Sought], context: Context, *, sampled: bool = False) -> Query:
    """The statement that counts them: by node, day, and what it said; on some days, or on all."""
    meant, said = _meant(sought, context), _said(sought)
    until, since = context.now, context.now - timedelta(days=DAYS)
    ago = [days for days in range(DAYS + 1) if not sampled or days <= RECENT or days % EVERY == 0]
    dates = [until.date() - timedelta(days=days) for days in ago]
    uris = [uri for date in dates for uri in context.snapshot.files("events", date, date)]
    schema = pa.schema([EVENTS.field(name) for name in (*COLUMNS, *said)])
    tables: dict[str, Relation] = {
        "events": Files(uris, schema, np.unique(meant["node_id"].to_numpy())),
        "meant": meant,
        **{f"by_{name}": table for name, table in said.items()},
    }
    joins = [
        f"left join by_{name} on by_{name}.kin = meant.kin and by_{name}.{name} = e.{name}" for name in said
    ]
    found = ", ".join([*(f"by_{name}.said" for name in said), "0"])
    text = load_sql("element_uses").replace("{said}", f"coalesce({found})")
    text = text.replace("{joins}", "".join(f"\n    {join}" for join in joins)).replace(
        "{limit}", str(MOST_ROWS)
    )
    return Query(text, {"since": since, "until": until}, tables)


def _meant(sought: Sequence[Sought], context: Context) -> pa.Table:
    """The nodes on which an event is one on a thing of some kin, and the place of what is then meant."""
    nodes, _ = context.trie.parts
    usual = meant_by(context.trie)
    listed = [(np.empty(0, np.int64),) * 3]
    for kin, at in {each.kin: each.at for each in sought if len(each.at)}.items():
        held = np.zeros(nodes.size, np.bool_)
        held[at] = True
        place = usual if (usual[at] == at).all() else meant_by(context.trie, held)
        inside = np.flatnonzero(held[place])
        listed.append((np.full(len(inside), kin), nodes.rows.node_id[inside], place[inside].astype(np.int64)))
    columns = zip(("kin", "node_id", "place"), zip(*listed, strict=True), strict=True)
    return pa.table({name: np.concatenate(parts) for name, parts in columns})


def _said(sought: Sequence[Sought]) -> dict[str, pa.Table]:
    """What is said at the places, each with its number: by the property that says it, names first."""
    numbers = _numbers(sought)
    found = {}
    for name in ("label", "text"):
        own = [
            (kin, said.value, number)
            for (kin, said), number in numbers.items()
            if said and said.property == name
        ]
        if own:
            kins, values, places = zip(*own, strict=True)
            found[name] = pa.table({"kin": pa.array(kins, pa.int64()), name: values, "said": places})
    return found
