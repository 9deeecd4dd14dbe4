"""What `backsight import` says of an export: its first rows in our terms, and what became of all."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from backsight_collector.imports.formats import Options
    from backsight_collector.imports.importing import Seen, Source
    from backsight_collector.imports.mapped import Said, Spoken
    from backsight_collector.imports.progress import Counts

SHOWN_ROWS: Final = 5
SHOWN_CHARS: Final = 40


def show_rows(source: Source, options: Options) -> None:
    """What the first rows of a file say, as a table."""
    from backsight.results.tables import Table
    from backsight_collector.imports.errors import Refused
    from backsight_collector.imports.formats import FORMATS
    from backsight_collector.imports.importing import first_rows
    from backsight_collector.wire.rejections import MalformedBatch

    format_ = FORMATS[source.format](options)
    cells: list[list[str]] = []
    for fields in islice(first_rows(source.path), SHOWN_ROWS):
        try:
            cells += [row for said in format_.read(fields, "-") for row in _cells(said)]
        except (Refused, MalformedBatch) as refusal:
            cells.append(_refused(refusal.detail))
        except RecursionError:
            cells.append(_refused("nests too deep"))
    columns = ["time (UTC)", "type", "name", "user", "device", "page", "properties"]
    click.echo(Table(columns, cells, left=frozenset(range(len(columns)))).text())


def _cells(said: Said) -> Iterator[list[str]]:
    from backsight_collector.imports.mapped import Mapped

    if isinstance(said, Mapped):
        event, person = said.event, said.person
        told = event.get("props") or event.get("traits") or {}
        who, url = [person.user, person.device], said.page.get("url")
        yield _row(said.time, [event["type"], event.get("name"), *who, url, _json(told)])
    else:
        yield from _spoken(said)


def _spoken(said: Spoken) -> Iterator[list[str]]:
    """What becomes of a message of another product's, by the decoder that will read it."""
    from backsight_collector import dialects
    from backsight_collector.imports.parts import SPOKEN
    from backsight_collector.journal.records import Capture

    body = json.dumps({SPOKEN[said.dialect]: [said.message]}).encode()
    for decoded in dialects.read(Capture(time.time_ns() // 1_000, "-", None, body, said.dialect)):
        batch = decoded.batch
        yield from (_refused(each.detail) for each in decoded.rejections)
        for _, event in decoded.events:
            url = batch.pages[event.page].url
            shown = [event.type, event.name, batch.user, batch.device, url]
            told = sorted((event.props or event.traits or {}).items(), key=lambda each: each[0] == "context")
            yield _row(said.time, [*shown, _json(dict(told))])


def _row(milliseconds: float, shown: Sequence[object]) -> list[str]:
    when = f"{datetime.fromtimestamp(milliseconds / 1_000, UTC):%Y-%m-%d %H:%M:%S}"
    return [when, *map(_short, shown)]


def _refused(detail: str) -> list[str]:
    return ["refused", detail[: 2 * SHOWN_CHARS], "", "", "", "", ""]


def summary(counts: Sequence[Counts], seen: Seen, done: str) -> str:
    """What became of all rows, in words."""
    events, days = sum(each.events for each in counts), {day for each in counts for day in each.days}
    more = "more than " if seen.is_full else ""
    lines = [
        f"{_many(events, 'event')} of {more}{_many(len(seen), 'person')} {done}{_span(counts, len(days))}."
    ]
    refused = sum((Counter(each.refused) for each in counts), Counter())
    if refused:
        lines.append(f"{_many(refused.total(), 'row')} could not be; they are kept as dead letters:")
    for reason, count in refused.most_common():
        lines.append(f"  {reason}: {count:,}")
        samples = [sample for each in counts for sample in each.samples.get(reason, [])]
        lines += [f"    {_short(sample, 3 * SHOWN_CHARS)}" for sample in samples[:3]]
    return "\n".join(lines)


def _span(counts: Sequence[Counts], days: int) -> str:
    first = min((each.first for each in counts if each.first is not None), default=None)
    last = max((each.last for each in counts if each.last is not None), default=None)
    if first is None or last is None:
        return ""
    dates = [f"{datetime.fromtimestamp(each / 1_000, UTC):%Y-%m-%d}" for each in (first, last)]
    return f", on {_many(days, 'day')} from {dates[0]} to {dates[1]}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) if value else ""


def _short(value: object, limit: int = SHOWN_CHARS) -> str:
    """One line of printable text."""
    words = "" if value is None else "".join(each if each.isprintable() else " " for each in str(value))
    return words if len(words) <= limit else words[: limit - 1] + "…"
