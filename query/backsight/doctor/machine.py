"""How the server is that fills the lake: from what collector and committer write down about themselves.

Both keep a small file in the data folder, which holds for now, also where the rest of an examination holds
for a moment before. A lake that is read from elsewhere has neither, and nothing is said of a server then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from backsight.contract import COLLECTOR_STATUS, COMMITTER_STATUS
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.results.tables import count, counted, percent, span
from backsight.scan.context import rfc3339

SILENT: Final = timedelta(minutes=2)
"""Both write at least every half minute: who was silent for so long does not run, or hangs."""
BEHIND: Final = 60.0
"""Seconds by which the lake may be behind the journal."""
RECENT: Final = timedelta(days=1)
"""Of errors and refusals that are told as such; older ones are worth knowing."""
LEAST_FREE: Final = 0.1
"""Share of the disk from which on there is time to get a larger one."""
LOGGED: Final = "the server's log says why"
OPEN: Final = "Start it: `backsight up`, or `backsight collector` where the parts run apart."
SEEN: Final = "Look at what the server prints, and whether its disk is full."
START: Final = "Start it: `backsight up`, or `backsight committer` where the parts run apart."
ASIDE: Final = "Keep `lake/` and `journal/…/set-aside/` and look at the disk: files on it are damaged."

GENERATED: Final = (
    "Look at the attributes with most values (below `attributes`), and don't write into the page what never"
    " stops changing."
)
MADE_UP: Final = "If somebody makes elements up: `backsight keys rotate` the write key, and give it origins."

ADVICE: Final[Mapping[str, str]] = {
    "unknown_key": "Look which write key is sent: `backsight keys list` has those that live.",
    "origin": "Let the origin's pages send: `BACKSIGHT_ORIGINS`, or `backsight keys set KEY --origin …`.",
    "rate": "Raise `BACKSIGHT_EVENTS_PER_SECOND`, or the key's own rate, if these events are wanted.",
    "device_rate": "If a device may send so much, raise `BACKSIGHT_DEVICE_EVENTS_PER_SECOND`.",
    "malformed": "Look at what sends them: the detail says what is wrong. A proxy may cut bodies off.",
    "too_large": "Send smaller batches: a request may have 1 MB.",
    "slow_disk": "Give the journal a faster disk.",
    "disk_full": "Make room, or get a larger disk: nothing is taken in until then.",
    "disk_failed": "Look at the disk: the journal can't be written.",
    "bodies": "Look who sends so much at once, or put more collectors in front.",
    "unfair_share": "Give the key that sends so much a rate of its own: `backsight keys set KEY …`.",
}
"""What to do about requests that were refused as a whole."""


def machine(asked: Examination) -> Iterator[Finding]:
    """What there is to say of the server and its disk."""
    folder = asked.context.snapshot.lake.folder
    if folder is None:
        return
    committer, collector = (_read(folder.parent / name) for name in (COMMITTER_STATUS, COLLECTOR_STATUS))
    if asked.context.shares_server:
        committer, collector = committer and _unquoted(committer), collector and _unquoted(collector)
    now = datetime.now(UTC)
    if committer is not None:
        yield _storing(committer, collector, now)
        yield from _damage(committer)
        yield from _contexts(committer, asked.context.snapshot.site)
    elif collector is not None and collector["accepted"]:
        words = "Events come in, but no committer ever ran: they wait in the journal, and no report has them."
        yield Finding("storing", "act", words, (START,), {"updated": None})
    if collector is not None:
        yield _door(collector, now)
    if committer is not None or collector is not None:
        yield _disk(folder)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        status = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def _unquoted(status: dict[str, Any]) -> dict[str, Any]:
    """Without what was sent or went wrong word for word: it may be another site's, whom this one's keys must
    tell nothing of."""
    refused = {reason: {**each, "detail": None} for reason, each in status.get("refused", {}).items()}
    error = {"last_error": status["last_error"] and LOGGED} if "last_error" in status else {}
    return {**status, "refused": refused, **error}


def _storing(committer: Mapping[str, Any], collector: Mapping[str, Any] | None, now: datetime) -> Finding:
    """Whether what comes in gets into the lake."""
    updated = _moment(committer["updated_at"])
    facts = {
        "updated": rfc3339(updated),
        "lag_seconds": committer["lag_seconds"],
        "errors": committer["errors"],
        "last_error": committer["last_error"],
    }
    if (silent := now - updated) > SILENT:
        words = f"The committer does not run: it last said something {span(silent.total_seconds())} ago."
        waits = collector is not None and (collector["last_accepted_at"] or 0) > committer["updated_at"]
        if not waits:
            return Finding("storing", "know", f"{words} Nothing waits for it.", (), facts)
        return Finding(
            "storing", "act", f"{words} What came since waits in the journal.", (START, SEEN), facts
        )
    if (failed := committer["last_error_at"]) is not None and now - _moment(failed) < SILENT:
        words = f"The committer fails, and tries again: {committer['last_error']}."
        return Finding("storing", "act", f"{words} What comes in waits in the journal.", (SEEN,), facts)
    if committer["lag_seconds"] > BEHIND:
        words = f"Reports are {span(committer['lag_seconds'])} behind what comes in."
        return Finding("storing", "act", words, ("Give the committer a faster disk or processor.",), facts)
    since = f"{counted(committer['events'], 'event')} since the start"
    return Finding("storing", "fine", f"What comes in is in reports within seconds; {since}.", (), facts)


DAMAGE: Final[Mapping[str, tuple[str, str]]] = {
    "unreadable_records": ("record of the journal can't be read", "records of the journal can't be read"),
    "damaged_stretches": ("stretch of the journal is damaged", "stretches of the journal are damaged"),
    "set_aside": ("entry of the lake's log was set aside", "entries of the lake's log were set aside"),
}


def _damage(committer: Mapping[str, Any]) -> Iterator[Finding]:
    """What the committer found damaged, and what it could not do as it should."""
    facts = {name: committer.get(name, 0) for name in (*DAMAGE, "torn_records", "deduplication_cut_short")}
    found = [counted(facts[name], *words) for name, words in DAMAGE.items() if facts[name]]
    if found:
        yield Finding("damage", "act", f"Since the committer's start: {', '.join(found)}.", (ASIDE,), facts)
    if facts["deduplication_cut_short"]:
        words = (
            f"{counted(facts['deduplication_cut_short'], 'time')} more events came than can be remembered for"
            " a day: a batch that is sent again late may count twice."
        )
        yield Finding("damage", "know", words, (), facts)


def _contexts(committer: Mapping[str, Any], site: str) -> Iterator[Finding]:
    """Whether elements and nodes of the site are more than it may have."""
    if (cut := committer.get("cut", {}).get(site)) is None:
        return
    events, consequence = cut
    words = (
        f"The site's elements and nodes are too many; {consequence}. {counted(events, 'event')} since the"
        " committer's start can be told by what is above the cut alone."
    )
    facts = {"events": events, "consequence": consequence}
    yield Finding("contexts", "act", words, (GENERATED, MADE_UP), facts)


def _door(collector: Mapping[str, Any], now: datetime) -> Finding:
    """Whether the collector runs, and the requests that it refused as a whole since its start."""
    refused = {
        reason: each for reason, each in collector["refused"].items() if now - _moment(each["last"]) < RECENT
    }
    facts = {
        "started": rfc3339(_moment(collector["started_at"])),
        "requests": collector["requests"],
        "refused": collector["refused"],
    }
    if (silent := now - _moment(collector["updated_at"])) > SILENT:
        words = f"The collector does not run: it last said something {span(silent.total_seconds())} ago."
        return Finding("door", "act", f"{words} Nothing is taken in.", (OPEN,), facts)
    if not refused:
        return Finding("door", "fine", "No request was refused within a day.", (), facts)
    ordered = sorted(refused.items(), key=lambda each: -each[1]["requests"])
    said = "; ".join(
        f"{reason} {count(each['requests'])}" + (f" ({each['detail']})" if each["detail"] else "")
        for reason, each in ordered
    )
    share = sum(each["requests"] for each in refused.values()) / max(1, collector["requests"])
    advice = tuple(ADVICE[reason] for reason, _ in ordered if reason in ADVICE)
    words = f"Of all requests since the start {percent(share, 2)} were refused: {said}."
    return Finding("door", "act" if advice else "know", words, advice, facts)


def _disk(folder: Path) -> Finding:
    """How much room is left."""
    disk = shutil.disk_usage(folder)
    facts = {"free": disk.free, "size": disk.total}
    words = f"{_size(disk.free)} of {_size(disk.total)} are free."
    if disk.free < LEAST_FREE * disk.total:
        more = "Get a larger disk, or move the data folder to one, before the collector has to refuse events."
        return Finding("disk", "act", f"The disk fills up: {words}", (more,), facts)
    return Finding("disk", "fine", words, (), facts)


def _size(octets: int) -> str:
    return f"{octets / 1e9:,.0f} GB" if octets >= 1e10 else f"{octets / 1e6:,.0f} MB"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
