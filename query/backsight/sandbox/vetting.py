"""Reads a statement before it runs: one SELECT, over the views alone, by functions that only compute.

What else there is in the database, the names of its settings, files and tables, can be said by no statement
that passes. Works on the tree that DuckDB's own parser gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any, Final

from backsight.errors import nearest, shown
from backsight.sandbox.functions import FUNCTIONS, TABLE_FUNCTIONS
from backsight.sandbox.refusals import Refusal, from_database, pointed

if TYPE_CHECKING:
    import duckdb

VIEWS: Final = ("raw_events", "named_events", "persons", "nodes")
BY_NAME: Final = "named_events"
"""The view of which only the names that a statement asks for are worked out."""

_PLAIN_SOURCES: Final = frozenset({"SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "PIVOT"})
_PARTS: Final = frozenset(
    "SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE CTE_NODE "
    "LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER DISTINCT_MODIFIER "
    "ASCENDING DESCENDING ORDER_DEFAULT BASE_TABLE TABLE_FUNCTION SHOW_REF".split()
)
"""Parts of a statement that are no expressions; with _PLAIN_SOURCES. INSERT, COPY and the like, which DuckDB
takes within WITH, are others.
"""
_EXPRESSIONS: Final = frozenset(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR PARAMETER "
    "POSITIONAL_REFERENCE STAR SUBQUERY TYPE WINDOW".split()
)
_WHOLE: Final = frozenset({"STAR", "POSITIONAL_REFERENCE", "SHOW_REF", "PIVOT"})
"""What reads columns without their names, as do natural joins and whoever names a row or renames columns."""
_ORDINARY_JOINS: Final = frozenset({"REGULAR", "NATURAL", "CROSS"})
_WORDS: Final = frozenset(name for name in FUNCTIONS if name[0].isalpha())
_SHOWS: Final = frozenset({"DESCRIBE", "SUMMARY"})
_ONE: Final = "one SELECT statement"
_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)

Node = Mapping[str, Any]


@dataclass
class Mentions:
    """What a statement reads."""

    views: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """Named events that it asks for by name, next to the view."""
    every_name: bool = False
    """Whether it reads the view of named events without saying which."""
    columns: set[str] = field(default_factory=set)
    """What it calls columns by."""
    every_column: bool = False
    """Whether it may read columns that it does not name."""

    def to_json(self) -> dict[str, Any]:
        return {
            "views": sorted(self.views),
            "names": None if self.every_name else sorted(self.names),
            "columns": None if self.every_column else sorted(self.columns),
        }


def vet(database: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object]) -> Mentions:
    """What the statement reads. Raises Refusal."""
    _require_select(database, sql, params)
    told = database.execute("select json_serialize_sql($1)", [sql]).fetchall()[0][0]
    try:
        tree = json.loads(told)
    except RecursionError as error:
        raise Refusal("the statement nests too deeply.") from error
    if tree["error"]:
        raise Refusal(f"this kind of statement can't be asked: {tree['error_message']}", valid=_ONE)
    reading = _Reading(sql, params)
    try:
        for statement in tree["statements"]:
            reading.walk(statement["node"], frozenset())
    except RecursionError as error:
        raise Refusal("the statement nests too deeply.") from error
    return reading.result()


def _require_select(database: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object]) -> None:
    import duckdb

    try:
        statements = database.extract_statements(sql)
    except duckdb.Error as error:
        raise from_database(error) from error
    if len(statements) != 1:
        raise Refusal(f"these are {len(statements)} statements.", valid=_ONE)
    kind = statements[0].type.name
    if kind == "MULTI":
        raise Refusal(
            "PIVOT has to say which values become columns.", valid="PIVOT … ON type IN ('click', …)"
        )
    if kind != "SELECT":
        raise Refusal(f"{kind.replace('_', ' ')} is not taken here.", valid=_ONE)
    _require_params(statements[0].named_parameters, params)


def _require_params(asked: set[str], params: Mapping[str, object]) -> None:
    if any(name.isdecimal() for name in asked):
        raise Refusal("parameters without names are not taken here.", valid="$name, and its value in params")
    for name in sorted(asked - params.keys()):
        raise Refusal("the statement names it, and no value is given.", f"params.{name}", "a value for it")
    for name in sorted(params.keys() - asked):
        known = nearest(name, asked) if asked else "no params"
        raise Refusal("the statement does not name it.", f"params.{name}", known)


class _Reading:
    """A walk over a statement's tree; `visible` are the common table expressions that a place can name."""

    def __init__(self, sql: str, params: Mapping[str, object]) -> None:
        self._sql, self._params = sql, params
        self._narrowed: dict[int, set[str]] = {}
        self._sources: set[str] = set()
        self.mentions = Mentions()

    def walk(self, node: object, visible: frozenset[str]) -> None:
        if isinstance(node, list):
            for each in node:
                self.walk(each, visible)
        elif isinstance(node, dict):
            self._check(node, visible)
            if "cte_map" in node:
                visible = self._expressions(node, visible)
                self._narrow(node, visible)
            for key, value in node.items():
                if key != "cte_map":
                    self.walk(value, visible)

    def result(self) -> Mentions:
        """What was read, after the walk."""
        if self.mentions.columns & self._sources:  # a row as a whole, by the name of its source
            self.mentions.every_column = True
        return self.mentions

    def _expressions(self, node: Node, visible: frozenset[str]) -> frozenset[str]:
        """What the query can name besides, once each was read with those before it."""
        for entry in node["cte_map"]["map"]:
            name = _folded(entry["key"])
            inner = entry["value"]["query_node"]
            is_recursive = inner["type"] == "RECURSIVE_CTE_NODE"
            self.walk(entry["value"], visible | {name} if is_recursive else visible)
            visible |= {name}
        return visible

    def _check(self, node: Node, visible: frozenset[str]) -> None:
        kind = node.get("type")
        if "class" in node:
            if node["class"] not in _EXPRESSIONS:
                self._refuse("this can't be asked here.", node, _ONE)
        elif isinstance(kind, str) and kind not in _PARTS | _PLAIN_SOURCES:
            self._refuse(f"{kind.partition('_')[0]} can't be asked here.", node, _ONE)
        if "function_name" in node:
            self._check_function(node)
        self._note_columns(node)
        if node.get("class") == "TYPE" and (node.get("schema") or node.get("catalog")):
            self._refuse("types have no schema here.", node)
        if _is_source(node, "alias"):
            self._check_source(node, visible)

    def _note_columns(self, node: Node) -> None:
        said = self.mentions
        said.columns |= {str(part).lower() for part in node.get("column_names", ())}
        said.columns |= {str(part).lower() for part in node.get("using_columns", ())}
        self._sources |= {str(node[key]).lower() for key in ("alias", "table_name") if _is_source(node, key)}
        kinds = {node.get("class"), node.get("type") if isinstance(node.get("type"), str) else None}
        if kinds & _WHOLE or node.get("ref_type") == "NATURAL" or node.get("column_name_alias"):
            said.every_column = True

    def _check_source(self, node: Node, visible: frozenset[str]) -> None:
        kind = node["type"]
        if kind == "BASE_TABLE":
            self._check_table(node, visible)
        elif kind == "TABLE_FUNCTION":
            name = str(node["function"]["function_name"]).lower()
            if name not in TABLE_FUNCTIONS:
                self._refuse(f"{shown(name)} can't be read from.", node, nearest(name, {*VIEWS, *visible}))
        elif kind == "SHOW_REF" and (node["show_type"] not in _SHOWS or node["query"] is None):
            self._refuse("there is nothing to show of this kind.", node, "describe raw_events")

    def _check_table(self, node: Node, visible: frozenset[str]) -> None:
        name = str(node["table_name"])
        known = _folded(name)
        if node["schema_name"] or node["catalog_name"] or len(node["qualified_name"]["path"]) != 1:
            self._refuse("views have no schema here.", node, nearest(name, VIEWS))
        if node["at_clause"] is not None:
            self._refuse("AT is not taken here.", node, "as_of beside the statement")
        if known in visible:
            return
        if known not in VIEWS:
            self._refuse(f"there is no view {shown(name)}.", node, nearest(known, {*VIEWS, *visible}))
        self.mentions.views.add(known)
        if known == BY_NAME:
            if id(node) in self._narrowed:
                self.mentions.names |= self._narrowed[id(node)]
            else:
                self.mentions.every_name = True

    def _check_function(self, node: Node) -> None:
        name = str(node["function_name"]).lower()
        if node.get("schema") or node.get("catalog"):
            self._refuse("functions have no schema here.", node)
        if name not in FUNCTIONS and name not in TABLE_FUNCTIONS:
            near = nearest(name, _WORDS)
            valid = near if near.startswith("did you mean") else "DuckDB's functions that compute a value"
            self._refuse(f"there is no function {shown(name)} here.", node, valid)

    def _narrow(self, node: Node, visible: frozenset[str]) -> None:
        """Notes which names a query asks for of each view of named events in its FROM: what its WHERE says of
        them, all of which has to hold.
        """
        sources = list(_sources(node.get("from_table")))
        for source in sources:
            if _folded(source["table_name"]) == BY_NAME and BY_NAME not in visible:
                called = [source["alias"] or source["table_name"], "name"]
                ways = [called] if len(sources) > 1 else [called, ["name"]]
                found = [self._asked(test, ways) for test in _conjuncts(node.get("where_clause"))]
                kept = [names for names in found if names is not None]
                if kept:
                    self._narrowed[id(source)] = set.intersection(*kept)

    def _asked(self, test: Node, ways: list[list[str]]) -> set[str] | None:
        """The names one of which a test asks for; None where it asks something else."""
        if test["type"] == "COMPARE_EQUAL":
            sides = [test["left"], test["right"]]
            if not _is_column(sides[0], ways):
                sides.reverse()
        elif test["type"] == "COMPARE_IN":
            sides = test["children"]
        else:
            return None
        if not _is_column(sides[0], ways):
            return None
        values = [self._text(side) for side in sides[1:]]
        return None if None in values else {value for value in values if value is not None}

    def _text(self, node: Node) -> str | None:
        if node["class"] == "PARAMETER":
            value = self._params.get(node["identifier"])
            return value if isinstance(value, str) else None
        literal = node.get("literal") if node["class"] == "CONSTANT" else None
        return str(literal["text"]) if literal and literal["kind"] == "STRING" else None

    def _refuse(self, message: str, node: Node, valid: str = "") -> None:
        where = pointed(self._sql, node.get("query_location"), node.get("query_location_length"))
        raise Refusal(where + message, valid=valid)


def _folded(name: object) -> str:
    """A name as the database compares it: the letters of ASCII alone have a lower case. (By Python's lower()
    the sign for Kelvin is a k, so a name would be taken for another that the database takes it not for.)
    """
    return str(name).translate(_LOWER)


def _is_source(node: Node, key: str) -> bool:
    """Whether it is a part of a FROM, with something under the key."""
    return "class" not in node and "sample" in node and key in node


def _sources(node: Node | None) -> Iterator[Node]:
    """Tables, views and functions that a FROM joins; not what stands in its subqueries."""
    if node is None:
        return
    if node["type"] == "JOIN":
        if node["ref_type"] not in _ORDINARY_JOINS:  # what these join depends on rows that a filter drops
            return
        yield from _sources(node["left"])
        yield from _sources(node["right"])
    elif node["type"] == "BASE_TABLE":
        yield node
    elif node["type"] != "EMPTY":
        yield {"table_name": "", "alias": ""}


def _conjuncts(node: Node | None) -> Iterator[Node]:
    if node is None:
        return
    if node["type"] == "CONJUNCTION_AND":
        for child in node["children"]:
            yield from _conjuncts(child)
    else:
        yield node


def _is_column(node: Node, ways: list[list[str]]) -> bool:
    if node["class"] != "COLUMN_REF":
        return False
    named = [part.lower() for part in node["column_names"]]
    return any(named == [part.lower() for part in way] for way in ways)
