"""The views as analysts see them: each column's name, type and meaning, and the SQL that gives it.

docs/reference/sql.md shows these; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from backsight.contract import DERIVED_PROPERTIES, EVENTS
from backsight.engine import ARROW_TO_SQL
from backsight.rules.properties import find_property


class Column(NamedTuple):
    """One column of a view; `sql` gives it over the view's own relations."""

    name: str
    type: str
    meaning: str
    sql: str


_MEANINGS: Final[Mapping[str, str]] = {
    "time": "when, by the client's clock, corrected by what that clock is wrong",
    "date": "the UTC date of `time`; a filter on it skips other days' files",
    "type": "the event type, such as `click` or `pageview` (`on` in a rule)",
    "name": "the name of a custom event or a vital",
    "device": "a number for the device",
    "user": "a number for the user that the client knew; who it was, `person` says",
    "session": "a number for the session as the snippet saw it, which is what reports take for one",
    "page": "a number for the page instance, one visit of a page",
    "sequence": "which event of its page instance it is, from 0; with `page` it names the event",
    "node_id": "the element that it happened to: `nodes.node_id`",
    "text": "text of the nearest interactive element around the target, else of the target",
    "label": "accessible name of the same element",
    "target_text": "text of the target itself",
    "target_label": "accessible name of the target itself",
    "href": "where the nearest link around the target leads",
    "host": "of the page",
    "path": "of the page",
    "query": "of the page, without `?`",
    "fragment": "of the page, without `#`",
    "title": "of the page",
    "referrer": "of the page",
    "viewport_width": "in CSS pixels",
    "viewport_height": "in CSS pixels",
    "x": "from the viewport's left, in CSS pixels",
    "y": "from the viewport's top, in CSS pixels",
    "duration_ms": "of a leave: for how long the page was visible",
    "scroll_percent": "of a leave: how far down it was seen, 0 to 100",
    "props": "custom properties, a JSON object: `props->>'plan'`",
    "target_attributes": "the target's attributes that vary too much to be part of `nodes`",
    "language": "of the browser",
    "user_agent": "as the browser sent it",
    "client_time": "when, by the client's clock as it was",
    "sent_at": "when the batch was sent, by the client's clock",
    "received_at": "when it arrived, by the collector's clock",
    "watched_ms": "of a click: for how long its effects were watched",
    "dom_ms": "of a click: until the document first changed",
    "navigation_ms": "of a click: until the page was left",
    "scroll_ms": "of a click: until something scrolled",
    "focus_ms": "of a click: until the focus moved",
    "error_ms": "of a click: until an uncaught error",
    "url": "of the page, with query and fragment",
    "browser": "by the user agent",
    "browser_version": "its major version",
    "os": "the operating system",
    "device_type": "`desktop`, `mobile`, `tablet`, `tv` or `bot`",
    "bot": "whether it says that it is one",
    "bot_kind": "such as `search-engine` or `ai-crawler`",
    "referrer_host": "the host of `referrer`",
    "utm_source": "by the page's query",
    "utm_medium": "by the page's query",
    "utm_campaign": "by the page's query",
    "utm_term": "by the page's query",
    "utm_content": "by the page's query",
    "effect_ms": "of a click: until it had any effect that a person could notice",
}

PERSON: Final = Column("person", "BIGINT", "who did it, as identity statements stand: `persons.person`", "")
"""Its SQL depends on what the statements say."""
USER_ID: Final = Column("user_id", "VARCHAR", "the person's own id, where somebody said who it is", "")
TRAITS: Final = Column("traits", "VARCHAR", "what is known of the person, a JSON object", "")

DATE: Final = "cast(regexp_extract(e.filename, '/date=([0-9-]{10})/[^/]*$', 1) as date)"
"""By the folder of the file, so that a filter on it opens no others."""
_LEFT_OUT: Final = frozenset({"site", "date", "time", "type", "name"})
_FIRST: Final = ("time", "date", "type", "name")


def _sql_type(name: str) -> str:
    kind = EVENTS.field(name).type
    return next(sql for arrow, sql in ARROW_TO_SQL if kind.equals(arrow)).upper().replace(
        "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"
    )  # fmt: skip


def _raw(name: str) -> Column:
    sql = DATE if name == "date" else f'e."{name}"'
    return Column(name, _sql_type(name), _MEANINGS[name], sql)


def _derived(name: str) -> Column:
    sql = find_property(name, name, "e", None, str).sql
    if name == "bot":
        return Column(name, "BOOLEAN", _MEANINGS[name], f"({sql} = 'true')")
    return Column(name, "INTEGER" if name == "effect_ms" else "VARCHAR", _MEANINGS[name], sql)


_REST: Final = tuple(_raw(field.name) for field in EVENTS if field.name not in _LEFT_OUT)

RAW_EVENTS: Final = (
    *(_raw(name) for name in _FIRST),
    PERSON,
    USER_ID,
    TRAITS,
    *_REST,
    *(_derived(name) for name in DERIVED_PROPERTIES),
)
NAMED_EVENTS: Final = (
    Column("name", "VARCHAR", "the named event", ""),
    *(
        column._replace(name="raw_name", meaning=f"{column.meaning}: `raw_events.name`")
        if column.name == "name"
        else column
        for column in RAW_EVENTS
    ),
)

OF_AGENTS: Final = ("browser", "browser_version", "os", "device_type", "bot", "bot_kind")
"""Columns that are read from user agents, by functions that it takes time to make."""

_INSTANT: Final = "TIMESTAMP WITH TIME ZONE"

PERSONS: Final = (
    Column("person", "BIGINT", "a number for who it is, as `raw_events.person`", "seen.person"),
    USER_ID._replace(sql="users.user_id"),
    Column(
        "device_ids",
        "VARCHAR[]",
        "the devices' own ids, where a statement names them",
        "coalesce(devices.device_ids, [])",
    ),
    TRAITS._replace(sql="said.traits"),
    Column("first_seen", _INSTANT, "time of the first event", "seen.first_seen"),
    Column("last_seen", _INSTANT, "time of the last event", "seen.last_seen"),
    Column("events", "BIGINT", "how many raw events", "seen.events"),
)

NODES: Final = (
    Column("node_id", "BIGINT", "an element in its context: `raw_events.node_id`", "n.node_id"),
    Column("parent_id", "BIGINT", "the `node_id` of its parent; null of a root", "n.parent_id"),
    Column("depth", "INTEGER", "how deep it stands, 0 of a root", "n.depth"),
    Column("tag", "VARCHAR", "lower case of HTML", "d.tag"),
    Column("id", "VARCHAR", "its `id` attribute", "d.attributes['id']"),
    Column(
        "classes",
        "VARCHAR[]",
        "its classes, in their order",
        r"list_filter(string_split_regex(coalesce(d.attributes['class'], ''), '[ \t\r\n\f]+'), "
        "lambda each: each <> '')",
    ),
    Column(
        "selector",
        "VARCHAR",
        "the way to it from the root, as a CSS selector; as exports have it",
        "ways.selector",
    ),
    Column(
        "attributes", "MAP(VARCHAR, VARCHAR)", "all that are kept; null values were withheld", "d.attributes"
    ),
    Column("namespace", "VARCHAR", "`html`, `svg` or `mathml`", "d.namespace"),
    Column("child_index", "INTEGER", "its place among its siblings, from 1 (0: unknown)", "n.child_index"),
    Column("child_last", "INTEGER", "the same from the end", "n.child_last"),
    Column("type_index", "INTEGER", "its place among its siblings of the same tag", "n.type_index"),
    Column("type_last", "INTEGER", "the same from the end", "n.type_last"),
    Column("in_shadow", "BOOLEAN", "whether it is a child of a shadow root", "n.flags & 1 <> 0"),
    Column("detached", "BOOLEAN", "whether it is a root that stood in no document", "n.flags & 4 <> 0"),
    Column("first_seen", _INSTANT, "when it was first captured", "n.first_seen"),
)

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "raw_events": RAW_EVENTS,
    "named_events": NAMED_EVENTS,
    "persons": PERSONS,
    "nodes": NODES,
}
"""Of each view, in their order."""


def listed(columns: tuple[Column, ...]) -> str:
    """Columns as they stand in a SELECT."""
    return ",\n    ".join(f'{column.sql} as "{column.name}"' for column in columns)


def documented(view: str) -> str:
    """The columns of a view as a table of Markdown."""
    rows = [f"| `{each.name}` | {each.type} | {each.meaning} |" for each in COLUMNS[view]]
    return "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows])
