"""What the snippet, the collector and the query layer agree on; the only module that both sides import.

Three things stand here and nowhere else: the fields and limits of the wire (snippet to collector), the Arrow
schemas of the lake (collector to query), and the names by which a question refers to a fact. Nothing in this
module reads or writes anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

import pyarrow as pa

WIRE_VERSION: Final = 1
"""Version of the batch that the snippet sends, its field `v`."""
SNIPPET: Final = "backsight.js"
SNIPPET_PARTS: Final = ("definer.js", "effects.js", "expose.js", "recovery.js", "vitals.js")
"""Files that the snippet loads when it needs them, from the folder that it came from itself."""


# ── Limits of the wire ──────────────────────────────────────────────────────────────────────────────────────

MAX_BODY_BYTES: Final = 1_000_000
"""Largest request body, as sent (that is, before decompression)."""
MAX_DECOMPRESSED_BYTES: Final = 5_000_000
"""Largest body after decompression; decompression stops there."""
MAX_EVENT_BYTES: Final = 32_768
"""Largest single event, as JSON."""
MAX_BATCH_EVENTS: Final = 1_000
MAX_BATCH_NODES: Final = 20_000
MAX_BATCH_PAGES: Final = 200
MAX_DEPTH: Final = 512
"""Deepest element context that is kept; a browser's own parser stops at 512."""
MAX_NESTING: Final = 32
"""Deepest nesting of `props` and `traits`."""
MAX_ID_CHARS: Final = 256
"""Longest device, session, user, page or batch id."""
MAX_TEXT_CHARS: Final = 255
"""Longest text or accessible name; longer ones are cut by the snippet, after masking."""
MAX_NAME_CHARS: Final = 200
"""Longest name of a tracked event, a named event or a property."""
MAX_URL_CHARS: Final = 2_048
MAX_ATTRIBUTE_CHARS: Final = 1_024
"""Longest attribute value that is kept; of a longer one only its presence is (its value is null)."""
MAX_SEQUENCE: Final = 2**31 - 1
MAX_UNSURE: Final = 64
"""Most batch ids in a batch's `unsure`."""
WATCHED_MS: Final = 2_500
"""For how long the snippet watches what comes of a click, at most."""
MAX_ATTRIBUTE_VALUES: Final = 10_000
"""Distinct values of one attribute on one site, past which it stops being part of elements."""
KEY_ATTRIBUTES: Final = frozenset({"class", "id"})
"""What most rules are written in: past their own limit, only new values are withheld."""
KEY_FACTOR: Final = 10
"""How many times higher that is."""
MAX_ATTRIBUTE_NAMES: Final = 1_000
"""Distinct names of attributes on one site's elements."""
MAX_CONTEXTS: Final = 10_000_000
"""Elements and nodes of one site, past which contexts that are new are cut (see CUT_TAG)."""
CONTEXT_DAYS: Final = 5
"""Within a day at most one part in so many of them may be new."""
CUT_TAG: Final = "backsight-cut"
"""Tag of the node that stands for the part of a context which was cut; its places are 0."""
DAY_MICROSECONDS: Final = 86_400_000_000
DEDUPLICATION_HOURS: Final = 24
"""A repeated event is dropped if the first arrived within this time; in practice up to twice as long."""


# ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────


class EventType(StrEnum):
    """The closed list of raw event types (`type` on the wire and in the lake; `on` in a rule)."""

    CLICK = "click"
    CHANGE = "change"
    """A form control changed. That it did is kept; what to never is."""
    SUBMIT = "submit"
    PAGEVIEW = "pageview"
    LEAVE = "leave"
    """The page instance ended: navigation, tab closed, or a client-side route change."""
    TRACK = "track"
    """A custom event from code, with `name` and `props`."""
    IDENTIFY = "identify"
    """Code said who the user is; also yields a statement."""
    TRAITS = "traits"
    """Code said something about the user (`addUserProperties`); also yields a statement."""
    COPY = "copy"
    """Text was copied; which, is never kept: only the element that it was copied from."""
    FOCUS = "focus"
    """A form control got the focus for the first time in its page instance."""
    ERROR = "error"
    """An uncaught error or rejected promise; `props` say which, masked."""
    VITAL = "vital"
    """A measured quality of the page instance, such as LCP, by `name`; `props` hold `value` and `rating`."""
    EXPOSE = "expose"
    """An element marked `data-backsight-expose` came into view, for the first time in its page instance."""


ELEMENT_TYPES: Final = frozenset(
    {
        EventType.CLICK,
        EventType.CHANGE,
        EventType.SUBMIT,
        EventType.COPY,
        EventType.FOCUS,
        EventType.EXPOSE,
    }
)
"""Event types whose rows carry a node."""

NAMED_TYPES: Final = frozenset({EventType.TRACK, EventType.VITAL})
"""Event types whose rows carry a name."""


class Reason(StrEnum):
    """Why a row stands in `dead_letters`: the closed list."""

    BAD_EVENT = "bad_event"
    """A field is missing, of the wrong type or out of its range; `detail` names it."""
    UNKNOWN_TYPE = "unknown_type"
    BAD_NODE = "bad_node"
    """The event's node does not exist, or its chain of parents is broken or too deep."""
    BAD_PAGE = "bad_page"
    """The event's page entry does not exist or is malformed."""
    TOO_LARGE = "too_large"
    """One event above MAX_EVENT_BYTES; its body is cut."""
    TOO_DEEP = "too_deep"
    """`props` or `traits` nest deeper than MAX_NESTING."""
    TOO_MANY = "too_many"
    """Past the MAX_BATCH_EVENTS-th event of a batch."""
    CLIENT_DROPPED = "client_dropped"
    """The snippet itself dropped `count` events (`detail` says why: its queue was full, a handler failed)."""
    UNREADABLE = "unreadable"
    """A journal record could not be read back; its bytes are kept aside under `journal/…/set-aside/`."""


class StatementKind(StrEnum):
    """What a line of `statements` says."""

    IDENTIFY = "identify"
    """`identify()` was called: device and user belong together."""
    OBSERVED = "observed"
    """An event came from the device with the user's id, and no `identify` of the two had been seen."""
    TRAITS = "traits"
    """Something about the user (or, before any user is known, about the device)."""
    REVOKE = "revoke"
    """The statement named in `revokes` does not hold, and never did."""


TRAITS_ONCE: Final = "$set_once"
"""A key of `traits`: an object of traits that are said only where nothing was said before of their names."""


# ── Elements ────────────────────────────────────────────────────────────────────────────────────────────────

CAPTURED_ATTRIBUTES: Final = frozenset(
    "id class href src name type role title alt for rel target action method placeholder lang dir hidden "
    "disabled checked selected multiple required readonly open download tabindex itemprop itemtype part slot "
    "is autocomplete contenteditable draggable width height viewbox".split()
)
"""Attributes kept on every element, lower case; with those that begin with one of CAPTURED_PREFIXES.

`value`, `style`, `srcdoc`, `content` and every `on…` handler are never kept.
"""
CAPTURED_PREFIXES: Final = ("aria-", "data-")

NAMESPACES: Final = ("html", "svg", "mathml")


def is_captured_attribute(name: str) -> bool:
    """Whether an attribute of this (lower-case) name is kept."""
    return name in CAPTURED_ATTRIBUTES or name.startswith(CAPTURED_PREFIXES)


# ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────


def id64(space: str, *parts: str | int | None) -> int:
    """A signed 64-bit id of some parts within a space ("device", "user", "session", "page" …).

    Equal parts give equal ids in every process and for ever (BLAKE2b, so that nobody can craft a collision
    cheaply). Distinct parts never run together: each is preceded by its kind and length.
    """
    text = "".join(
        ["~" if part is None else f"{len(piece := str(part))}{'i' if isinstance(part, int) else 's'}{piece}"
         for part in parts]
    )  # fmt: skip
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, person=space.encode()).digest()
    return int.from_bytes(digest, "little", signed=True)


# ── The lake ────────────────────────────────────────────────────────────────────────────────────────────────

INSTANT: Final = pa.timestamp("us", tz="UTC")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


EVENTS: Final = pa.schema(
    [
        _required("site", pa.string()),  # partition
        _required("date", pa.date32()),  # partition: UTC date of `time`
        _required("time", INSTANT),  # client time, corrected by the client's clock error
        _required("type", pa.string()),  # EventType
        pa.field("name", pa.string()),  # of a tracked event
        pa.field("node_id", pa.int64()),  # nodes.node_id of the true target
        _required("device", pa.int64()),  # id64("device", device id)
        pa.field("user", pa.int64()),  # id64("user", user id), where one was known at the time
        pa.field("session", pa.int64()),  # id64("session", session id as the client saw it)
        _required(
            "page", pa.int64()
        ),  # id64("page", page instance id); with `sequence`, the event's identity
        _required("sequence", pa.int32()),  # 0, 1, 2 … within the page instance
        pa.field("text", pa.string()),  # of the nearest interactive ancestor-or-self, else of the target
        pa.field("label", pa.string()),  # accessible name of the same element
        pa.field("target_text", pa.string()),  # of the target itself
        pa.field("target_label", pa.string()),  # of the target itself
        pa.field("href", pa.string()),  # of the nearest link ancestor-or-self, resolved to an absolute URL
        pa.field("host", pa.string()),  # of the page, with its port where it has one
        pa.field("path", pa.string()),  # of the page
        pa.field("query", pa.string()),  # without "?"
        pa.field("fragment", pa.string()),  # without "#"
        pa.field("title", pa.string()),  # of the document
        pa.field("referrer", pa.string()),  # the address of the page before
        pa.field("viewport_width", pa.int32()),  # CSS pixels
        pa.field("viewport_height", pa.int32()),  # CSS pixels
        pa.field("x", pa.int32()),  # CSS pixels from the viewport's left
        pa.field("y", pa.int32()),  # CSS pixels from its top
        pa.field("duration_ms", pa.int64()),  # leave: time for which the page was visible
        pa.field("scroll_percent", pa.int32()),  # leave: deepest point reached, 0 to 100
        pa.field("props", pa.string()),  # JSON object; of a tracked event
        pa.field("target_attributes", pa.map_(pa.string(), pa.string())),  # those too variable for elements
        pa.field("language", pa.string()),  # that the browser prefers
        pa.field("user_agent", pa.string()),  # raw; parsed when asked
        _required("client_time", INSTANT),  # by the client's clock
        pa.field("sent_at", INSTANT),  # by the client's clock
        _required("received_at", INSTANT),  # by the collector's clock
        pa.field("watched_ms", pa.int32()),  # click: for how long its effects were watched
        pa.field("dom_ms", pa.int32()),  # click: until the first change of the DOM or a control's state
        pa.field("navigation_ms", pa.int32()),  # click: until the page was left, hidden or readdressed
        pa.field("scroll_ms", pa.int32()),  # click: until something scrolled
        pa.field("focus_ms", pa.int32()),  # click: until the focus moved or the window lost it
        pa.field("error_ms", pa.int32()),  # click: until an uncaught error
    ]
)
"""One row a raw event; partitioned by site and date. Newer columns stand last, as older lakes get them."""

EFFECTS: Final = ("dom_ms", "navigation_ms", "scroll_ms", "focus_ms")
"""When a click had effects that a person could notice; `effect_ms` is the least of them."""

NODES: Final = pa.schema(
    [
        _required("site", pa.string()),  # partition
        _required("node_id", pa.int64()),  # hash of the element, its positions and the parent's node_id
        pa.field("parent_id", pa.int64()),  # null for a document's root element, or a detached tree's
        _required("element_id", pa.int64()),  # elements.element_id
        _required("depth", pa.int32()),  # 0 for a root
        _required("child_index", pa.int32()),  # 1-based (0: unknown), as :nth-child counts
        _required("child_last", pa.int32()),  # the same from the end, as :nth-last-child counts
        _required("type_index", pa.int32()),  # among siblings of the same type, as :nth-of-type counts
        _required("type_last", pa.int32()),  # the same from the end
        _required("flags", pa.int32()),  # sum of 1: in a shadow root, 2: quirks mode, 4: detached root
        _required("first_seen", INSTANT),  # received_at of the first event there
    ]
)
"""One row a distinct element in its context: the DOM trie; partitioned by site."""

FLAG_SHADOW: Final = 1
"""The element is a child of a shadow root; `parent_id` is then the shadow host."""
FLAG_QUIRKS: Final = 2
"""The element's document is in quirks mode: class and id selectors ignore ASCII case."""
FLAG_DETACHED: Final = 4
"""A root that is not its document's root element (`:root` does not match it)."""

ELEMENTS: Final = pa.schema(
    [
        _required("site", pa.string()),  # partition
        _required("element_id", pa.int64()),  # hash of tag, namespace and attributes
        _required("tag", pa.string()),  # local name: lower case for HTML, as written for SVG and MathML
        _required("namespace", pa.string()),  # one of NAMESPACES
        _required(
            "attributes", pa.map_(pa.string(), pa.string())
        ),  # sorted by name; a null value was withheld
        _required("first_seen", INSTANT),  # received_at of the first event on it
    ]
)
"""One row a distinct description; `class` and `id` stand in `attributes`, verbatim; partitioned by site."""

STATEMENTS: Final = pa.schema(
    [
        _required("site", pa.string()),  # partition
        _required("statement_id", pa.string()),  # what a revocation names
        _required("kind", pa.string()),  # StatementKind
        _required("time", INSTANT),  # corrected, as of the event that said so
        _required("received_at", INSTANT),  # by the collector's clock
        pa.field("device", pa.int64()),  # as in events
        pa.field("device_id", pa.string()),  # as the site gave it
        pa.field("user", pa.int64()),  # as in events
        pa.field("user_id", pa.string()),  # as the site gave it
        pa.field("traits", pa.string()),  # JSON object
        pa.field("page", pa.int64()),  # the event that said so
        pa.field("sequence", pa.int32()),  # with `page`, the event that said so
        pa.field("revokes", pa.string()),  # the statement_id of a statement that never held
    ]
)

DEAD_LETTERS: Final = pa.schema(
    [
        _required("site", pa.string()),  # partition
        _required("date", pa.date32()),  # partition: UTC date of `received_at`
        _required("received_at", INSTANT),  # by the collector's clock
        _required("batch", pa.string()),  # id of the batch in which it came
        pa.field("index", pa.int32()),  # of the event within its batch
        _required("reason", pa.string()),  # Reason
        _required("detail", pa.string()),  # what was wrong, in words
        _required("count", pa.int64()),  # events that this row stands for
        pa.field("event", pa.string()),  # the event as it was sent, cut at MAX_EVENT_BYTES
        pa.field("device", pa.int64()),  # of its batch, where it could be read; none where `event` is none
        pa.field("user", pa.int64()),  # of its batch, where one was known
    ]
)

TABLES: Final = {
    "events": EVENTS,
    "nodes": NODES,
    "elements": ELEMENTS,
    "statements": STATEMENTS,
    "dead_letters": DEAD_LETTERS,
}
PARTITIONS: Final = {
    "events": ["site", "date"],
    "nodes": ["site"],
    "elements": ["site"],
    "statements": ["site"],
    "dead_letters": ["site", "date"],
}

DELETIONS: Final = "_deletions"
"""Folder of the lake in which each deletion of persons has its JSON document: what it covers, what it did."""

SITE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""What a site may be called (full match): it becomes a folder's name in the lake."""


COLLECTOR_STATUS: Final = "collector-status.json"
"""File of the data folder in which the collector says what it refused."""
COMMITTER_STATUS: Final = "committer-status.json"
"""File of the data folder in which the committer says how it does."""


class WriteKey(NamedTuple):
    """What a live write key opens: whose site it writes to, from which pages, and how much."""

    site: str
    origins: frozenset[str] = frozenset()
    """Origins whose pages may send with it; empty: all that the collector's settings allow."""
    events_per_second: float | None = None
    """Most events that it may send, on average; None: what the collector's settings say."""
    pages_only: bool = False
    """Whether a request without an origin, which no browser's page sends, is refused."""

    def admits(self, origin: str | None) -> bool:
        """Whether a request with this `Origin` may use the key; None: one without."""
        if origin is None:
            return not self.pages_only
        return not self.origins or is_among(origin, self.origins)


ORIGIN: Final = re.compile(r"(?!https:.*:443$|http:.*:80$)https?://(?:\*\.)?[a-z0-9._:\[\]-]{1,255}")
"""An origin that may be allowed, as browsers write it (full match): ASCII, without the scheme's own port; or
`https://*.shop.example`."""


def is_among(origin: str, allowed: frozenset[str]) -> bool:
    """Whether an `Origin` is allowed: it is listed, or a subdomain (at any depth) of a `*.` that is.

    Scheme and port are part of an origin: `https://*.shop.example` allows neither `http://` nor another port,
    nor `https://shop.example` itself.
    """
    if origin in allowed:
        return True
    scheme, _, host = origin.partition("://")
    if len(host) > 300:  # no name of a host is that long
        return False
    while "." in host:
        host = host.partition(".")[2]
        if f"{scheme}://*.{host}" in allowed:
            return True
    return False


# ── Statements ──────────────────────────────────────────────────────────────────────────────────────────────


def voided(revocations: Iterable[tuple[str, str]]) -> set[str]:
    """Statements that do not hold, from (statement_id, revokes) lines.

    A line holds unless a holding line revokes it. Lines that revoke each other in a circle (no one can write
    them in the order in which ids are made) are read from the greatest id down.
    """
    revoked_by: dict[str, set[str]] = {}
    for line, revokes in revocations:
        revoked_by.setdefault(revokes, set()).add(line)
    verdicts: dict[str, bool] = {}
    for statement in sorted(revoked_by, reverse=True):
        _judge(statement, revoked_by, verdicts)
    return {statement for statement in revoked_by if not verdicts[statement]}


def _judge(statement: str, revoked_by: Mapping[str, set[str]], verdicts: dict[str, bool]) -> None:
    """Note whether the statement holds, and every line on which that depends; chains may be of any length."""
    waiting = [statement]
    asked = {statement}
    while waiting:
        current = waiting[-1]
        above = sorted(revoked_by.get(current, ()), reverse=True)
        pending = [line for line in above if line not in verdicts and line not in asked]
        if pending:
            asked.add(pending[0])
            waiting.append(pending[0])
            continue
        verdicts[waiting.pop()] = not any(verdicts.get(line, False) for line in above)


# ── Names in questions ──────────────────────────────────────────────────────────────────────────────────────

COLUMN_PROPERTIES: Final = (
    "type name text label target_text target_label href host path query fragment title referrer "
    "viewport_width viewport_height x y duration_ms scroll_percent language user_agent "
    "watched_ms dom_ms navigation_ms scroll_ms focus_ms error_ms"
).split()
"""Properties that are columns of `events`, by their bare names."""

DERIVED_PROPERTIES: Final = (
    "url browser browser_version os device_type bot bot_kind referrer_host "
    "utm_source utm_medium utm_campaign utm_term utm_content effect_ms"
).split()
"""Properties computed from columns when asked.

Any other bare name is a custom property (a key of `props`); `props.NAME` forces one, `person.NAME` is a
trait.
"""
