"""The views of a statement: made of the files of a snapshot, the identity of its persons and the names.

What a statement does not mention is not made: who does not ask for persons does not pay for them. (DuckDB 2.0
leaves out a join of which no column is read, but one of several only.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from backsight.contract import ELEMENTS, EVENTS, NODES, STATEMENTS
from backsight.engine import Files, select_files
from backsight.errors import nearest, shown
from backsight.rules.conditions import Conditions
from backsight.sandbox.columns import (
    COLUMNS,
    NAMED_EVENTS,
    OF_AGENTS,
    PERSON,
    RAW_EVENTS,
    TRAITS,
    USER_ID,
    Column,
    listed,
)
from backsight.sandbox.processes import Mentioned, Setup
from backsight.scan.bursts import burst_clicks
from backsight.scan.context import Context, rfc3339
from backsight.scan.moments import Range
from backsight.scan.node_sets import JOIN, NODE_SETS, NodeSets
from backsight.sql import load_sql

if TYPE_CHECKING:
    from backsight.engine import Relation

_FIRST_USERS: Final = """create view first_users as
select device, any_value("user") as "user", any_value(users) as users from _first_users group by device"""
_USERS: Final = """create view users as
select "user" as person, min(user_id) as user_id from _statements where "user" is not null group by "user\""""
_SAID: Final = "create view said as select person, any_value(traits) as traits from _traits group by person"

_TRAITS: Final = "said.traits"

MOST_WARNINGS: Final = 10
"""Names that a statement asks for in vain and is told of: a statement has room for thousands, and the nearest
of each is looked for.
"""

PERSON_SQL: Final = """case
        when e."user" is not null and list_contains(first_users.users, e."user") then e."user"
        else coalesce(first_users."user", e.device)
    end"""
"""The person behind an event, as `identity.person_sql` has it."""


class Views:
    """Gathers what the database of one statement is made of."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tables: dict[str, pa.Table] = {}
        self._statements: dict[str, str] = {}
        self._paths: list[str] = []
        self._columns: frozenset[str] | None = None
        self.warnings: list[str] = []

    def setup(self, mentioned: Mentioned) -> Setup:
        """The views that are mentioned, with what they are made of."""
        self._columns = None if mentioned["columns"] is None else frozenset(mentioned["columns"])
        for view in mentioned["views"]:
            if view == "named_events":
                self._named_events(mentioned["names"])
            else:
                {"raw_events": self._raw_events, "persons": self._persons, "nodes": self._nodes}[view]()
        return Setup(self._tables, tuple(self._statements.values()), tuple(self._paths))

    def _asks(self, column: str) -> bool:
        """Whether a statement may read a column: those that need a join are not made for all."""
        return self._columns is None or column in self._columns

    def _need(self, column: str) -> None:
        if self._columns is not None:
            self._columns |= {column}

    def _raw_events(self) -> None:
        columns, joins = self._people(RAW_EVENTS)
        self._make("raw_events", f"select\n    {columns}\nfrom _events as e{joins}")

    def _people(self, columns: Iterable[Column]) -> tuple[str, str]:
        """Events, with columns of who did them as far as they are asked for; and the joins for these."""
        site = self._context.snapshot
        schema = pa.schema([field for field in EVENTS if field.name not in ("site", "date")])
        self._files("_events", Files(site.files("events"), schema, named=True))
        asked = {name for name in _OF_PERSONS if self._asks(name)}
        needed = [name for name in _JOINS if name in asked or (asked and name == PERSON.name)]
        joins = [_JOINS[name] for name in needed]
        for name in needed:
            _RELATIONS[name](self)
        given = {name: sql if name in asked else _unasked(name) for name, sql in _OF_PERSONS.items()}
        given |= {name: _unasked(name, "e.user_agent") for name in OF_AGENTS if not self._asks(name)}
        made = (column._replace(sql=given.get(column.name, column.sql)) for column in columns)
        return listed(tuple(made)), "".join(f"\n{join}" for join in joins)

    def _first_users(self) -> None:
        identity = self._context.identity
        sql = """select devices.device, devices."user", list(pairs."user") as users
from devices join pairs on pairs.device = devices.device group by all"""
        tables = {"devices": identity.devices, "pairs": identity.pairs}
        self._tables["_first_users"] = self._context.engine.query(sql, tables=tables)
        self._statements["first_users"] = _FIRST_USERS

    def _users(self) -> None:
        self._files("_statements", Files(self._context.snapshot.files("statements"), STATEMENTS))
        self._statements["users"] = _USERS

    def _said(self) -> None:
        self._tables["_traits"] = self._context.identity.traits
        self._statements["said"] = _SAID

    def _persons(self) -> None:
        self._need(PERSON.name)
        self._raw_events()
        for make in _RELATIONS.values():
            make(self)
        self._statements["devices"] = load_sql("sandbox_devices")
        self._statements["persons"] = load_sql("sandbox_persons").replace(
            "{columns}", listed(COLUMNS["persons"])
        )

    def _nodes(self) -> None:
        site = self._context.snapshot
        self._files("_nodes", Files(site.files("nodes"), NODES))
        self._files("_elements", Files(site.files("elements"), ELEMENTS))
        self._statements["descriptions"] = load_sql("sandbox_descriptions")
        asks = self._asks("selector")
        for part in ("identifier", "ways") if asks else ():
            self._statements[part] = load_sql(f"sandbox_{part}")
        given = {"selector": "ways.selector" if asks else _unasked("selector", "n.node_id")}
        columns = (column._replace(sql=given.get(column.name, column.sql)) for column in COLUMNS["nodes"])
        text = load_sql("sandbox_nodes").replace("{columns}", listed(tuple(columns)))
        self._statements["nodes"] = text.replace("{ways}", f"\n{_WAYS}" if asks else "")

    def _named_events(self, asked: Iterable[str] | None) -> None:
        known = self._context.names
        self._warn_of_unknown(sorted(set(asked or ()) - set(known)), known)
        names = sorted(known if asked is None else set(asked) & set(known))
        conditions = _Written(self._context)
        tests = {name: conditions.event(name, "names") for name in names}
        self.warnings += conditions.warnings
        self._provide(conditions)
        sets = NodeSets.of(conditions.node_sets, tests.values())
        if sets.tests:
            self._tables[NODE_SETS] = sets.table
        if any(_TRAITS in test for test in tests.values()):
            self._need(TRAITS.name)
        columns, joins = self._people(column for column in NAMED_EVENTS if column.name != "name")
        joins += f"\n{JOIN}" if sets.tests else ""
        some = " or ".join(sets.looked_up(test) for test in tests.values()) or "false"
        borne = ", ".join(
            f"case when {sets.looked_up(test)} then {literal(name)} end" for name, test in tests.items()
        )
        self._make(
            "named_events",
            f"select unnest(borne) as name, * exclude (borne) from (\nselect\n    {columns},\n"
            f"    list_filter([{borne or 'null::varchar'}], lambda each: each is not null) as borne\n"
            f"from _events as e{joins}\nwhere {some}\n)",
        )

    def _warn_of_unknown(self, names: Sequence[str], known: Iterable[str]) -> None:
        for name in names[:MOST_WARNINGS]:
            valid = nearest(name, known)
            self.warnings.append(f"There is no named event {shown(name)}. Valid: {valid}.")
        if more := len(names[MOST_WARNINGS:]):
            self.warnings.append(f"Of {more:,} more names there is no named event either.")

    def _provide(self, conditions: Conditions) -> None:
        """The relations that rules look things up in, worked out here."""
        engine, snapshot = self._context.engine, self._context.snapshot
        needed: dict[str, Relation] = dict(conditions.tables)
        for rage, name in conditions.bursts.items():
            needed[name] = burst_clicks(rage, snapshot, Range(None, None))
        for name, relation in needed.items():
            is_ready = isinstance(relation, pa.Table)
            self._tables[name] = (
                relation if is_ready else engine.query("select * from r", tables={"r": relation})
            )

    def _files(self, name: str, files: Files) -> None:
        if name in self._statements:
            return
        if files.uris:
            self._make(name, select_files(files))
            self._paths += files.uris
        else:
            extra = [pa.field("filename", pa.string())] if files.named else []
            self._tables[name] = pa.schema([*files.schema, *extra]).empty_table()

    def _make(self, name: str, sql: str) -> None:
        self._statements[name] = f"create view {name} as {sql}"


_OF_PERSONS: Final = {PERSON.name: PERSON_SQL, USER_ID.name: "users.user_id", TRAITS.name: _TRAITS}
_JOINS: Final = {
    PERSON.name: "left join first_users on first_users.device = e.device",
    USER_ID.name: f"left join users on users.person = {PERSON_SQL}",
    TRAITS.name: f"left join said on said.person = {PERSON_SQL}",
}
_RELATIONS: Final = {
    PERSON.name: Views._first_users,
    USER_ID.name: Views._users,
    TRAITS.name: Views._said,
}
_WAYS: Final = """left join (
    select node_id, any_value(selector) as selector from ways group by node_id
) as ways on ways.node_id = n.node_id"""


def _unasked(column: str, some: str = "e.device") -> str:
    """In place of a column that a statement does not name: known as one, and never read."""
    kind = {PERSON.name: "bigint", "bot": "boolean"}.get(column, "varchar")
    return f"cast(case when {some} is not null then error('{column} was not made') end as {kind})"


class _Written(Conditions):
    """Conditions whose values stand in the SQL: a view takes no parameters."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.trie, context.names, "e", _TRAITS)

    def bind(self, value: object) -> str:
        return literal(value)


def literal(value: object) -> str:
    """A value as SQL writes it."""
    if isinstance(value, str):
        parts = ("'" + part.replace("'", "''") + "'" for part in value.split("\0"))
        return "(" + " || chr(0) || ".join(parts) + ")"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, datetime):
        return f"timestamptz '{rfc3339(value)}'"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return f"{value!r}::double" if isinstance(value, float) else repr(value)
