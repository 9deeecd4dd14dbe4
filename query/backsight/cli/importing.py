"""`backsight import`: history from elsewhere, through a journal of its own.

The command reads, says rows in our terms and appends them; whoever commits the lake folds them, another
process beside it. It waits where that one falls behind, so that neither memory nor the journal grows with the
export."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from backsight.cli.asking import actor, data_option, open_store, site_name, site_option
from backsight.cli.bars import Line, bar
from backsight.cli.failures import of_the_collector
from backsight.cli.folding import Folding
from backsight.cli.import_words import show_rows, summary
from backsight.cli.standard_input import as_file
from backsight.config import Config
from backsight.store import AuditLine, Store

if TYPE_CHECKING:
    from backsight_collector.imports.formats import Options
    from backsight_collector.imports.importing import Seen, Source
    from backsight_collector.imports.progress import Counts, Imports, Progress
    from backsight_collector.journal.writer import Journal

MAX_BEHIND: Final = 256 * 2**20
"""Bytes of journal that may wait for the committer: an import waits where there are more."""
FORMATS: Final = ("backsight", "segment", "posthog", "mixpanel", "amplitude", "plain")


@click.command("import")
@data_option
@site_option
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="What the files are; else told by their first rows.",
)
@click.option("--timezone", metavar="ZONE", help="Of times that name no offset.  [UTC]")
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Of a plain table: the column that says it.",
)
@click.option("--again", is_flag=True, help="Import files once more that were imported before.")
@click.option("--dry-run", is_flag=True, help="Only show what would become of the rows.")
def import_(
    data: str | None, site: str | None, files: tuple[str, ...], format_: str | None, timezone: str | None,
    columns: tuple[str, ...], again: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Import history: exports of Segment, PostHog, Mixpanel and Amplitude, of Backsight, or any table of
    events.

    FILE is NDJSON, CSV or Parquet, also packed (gzip, zstd, zip), a folder or glob of such files, or - for
    standard input. Every row comes in once: an import that was stopped, however it was, goes on with the same
    command. It works beside a running server, and without one."""
    said = _said(format_, timezone, columns)
    with (
        open_store(data) as (store, config),
        _failing_in_words(),
        as_file(config.data / "imports", files) as paths,
    ):
        run = _Run(config, store, site_name(store, site or config.site), said, again=again)
        run.dry(paths) if dry_run else run.run(paths)


@dataclass(frozen=True)
class _Said:
    """Options as they were said: `kept` is what an import must be gone on with."""

    format: str | None
    options: Options
    kept: dict[str, str]


def _said(format_: str | None, timezone: str | None, columns: Sequence[str]) -> _Said:
    from backsight_collector.imports.formats import Options

    try:
        zone = ZoneInfo(timezone) if timezone not in (None, "UTC") else UTC
    except (KeyError, ValueError, OSError) as error:
        raise click.BadParameter(f"{timezone!r} is no time zone. Valid: such as Europe/Berlin.") from error
    pairs = [each.partition("=") for each in columns]
    if wrong := [field for field, _, column in pairs if not column]:
        raise click.BadParameter(f"--map {wrong[0]}: names no column. Valid: --map time=COLUMN.")
    mapping = {field: column for field, _, column in pairs}
    if mapping and format_ is None:
        format_ = "plain"
    kept = {"--timezone": timezone} if timezone else {}
    kept |= {f"--map {field}=": column for field, column in mapping.items()}
    return _Said(format_, Options(zone, mapping), kept)


class _Run:
    """One command: all of its files, one after the other."""

    def __init__(self, config: Config, store: Store, site: str, said: _Said, *, again: bool) -> None:
        from backsight_collector.imports.importing import Seen

        self._config, self._store, self._site, self._said, self._again = config, store, site, said, again
        self._seen: Seen = Seen()
        self._sizes = _Sizes()
        self._rows, self._since, self._appended, self._position = 0, time.monotonic(), 0, 0

    def dry(self, paths: Sequence[str]) -> None:
        """Shows what would become of the rows; nothing is written."""
        from backsight_collector.imports.importing import Importer, new_import

        counts = []
        for source in self._sources(paths):
            progress = new_import(source, self._site, self._said.kept)
            importer = Importer(source, progress, self._said.options, self._seen)
            click.echo(f"{source.path.name}: {source.format}{self._clocks(source)}")
            show_rows(source, self._said.options)
            with Line() as line:
                for rows in importer.run(lambda record: None, None):
                    self._show(line, rows, importer.done, None)
            counts.append(progress.counts)
        click.echo(summary(counts, self._seen, "would be imported"))

    def run(self, paths: Sequence[str]) -> None:
        """Imports them. Raises ClickException where nothing was to be imported, or nothing could be."""
        from backsight_collector.imports.progress import JOURNAL, Imports
        from backsight_collector.journal.writer import Journal

        sources = self._sources(paths)
        imports, journal = Imports(self._config.data), Journal(self._config.data / "journal" / JOURNAL)
        try:
            self._position = imports.catch_up()
            with Folding(self._config) as folding, Line() as line:
                counts = [
                    each
                    for source in sources
                    if (each := self._import(source, imports, journal, folding, line))
                ]
                self._wait(folding, line)
        finally:
            journal.close()
        if not counts:
            raise click.ClickException("nothing is left to import. Valid: other files; or --again.")
        click.echo(summary(counts, self._seen, "imported"))
        if not any(each.events for each in counts) and any(each.refused for each in counts):
            raise click.ClickException("no row could be imported.")

    def _sources(self, paths: Sequence[str]) -> list[Source]:
        from backsight_collector.imports.files import find
        from backsight_collector.imports.importing import is_empty, source_of

        found = find(paths)
        self._sizes = _Sizes(sum(path.stat().st_size for path in found))
        sources = []
        for path in found:
            if is_empty(path):
                click.echo(f"{path.name}: has no rows, and is left out.")
            else:
                sources.append(source_of(path, self._said.format))
        return sources

    def _import(
        self, source: Source, imports: Imports, journal: Journal, folding: Folding, line: Line
    ) -> Counts | None:
        """What came of the file; null where it was imported before."""
        from backsight_collector.imports.importing import Importer, begin

        progress = begin(imports, source, self._site, self._said.kept, again=self._again)
        if progress is None:
            _say_imported_before(imports, source, self._site)
            self._sizes.pass_over(source.path)
            return None
        goes_on = f", from row {progress.rows + 1} on" if progress.rows else ""
        click.echo(f"{source.path.name}: {source.format}{self._clocks(source)}{goes_on}")
        importer = Importer(source, progress, self._said.options, self._seen)

        def keep(record: bytes) -> None:
            self._position = journal.append_now(record)
            self._appended += len(record)

        self._sizes.begin(source.path)
        for rows in importer.run(keep, imports):
            self._show(line, rows, importer.done, folding)
            folding.attend()
            while folding.behind > MAX_BEHIND:
                folding.rest()
                self._show(line, 0, importer.done, folding)
        self._note(source, progress)
        return progress.counts

    def _clocks(self, source: Source) -> str:
        """What is easily forgotten: nothing in an export of Mixpanel's says by which clocks it counts."""
        is_silent = source.format == "mixpanel" and "--timezone" not in self._said.kept
        return " (times are taken as UTC; projects from before 2023 need --timezone)" if is_silent else ""

    def _wait(self, folding: Folding, line: Line) -> None:
        """Until the lake holds all of it."""
        folding.attend()
        while folding.folded < self._position:
            folding.rest()
            self._show(line, 0, 1.0, folding)

    def _show(self, line: Line, rows: int, done: float, folding: Folding | None) -> None:
        self._rows += rows
        read = self._sizes.share(done)
        speed = self._rows / max(1e-3, time.monotonic() - self._since)
        words = f"read {bar(read)}  {self._rows:,} rows  {speed:,.0f}/s"
        if folding is not None:
            kept = 1 - folding.behind / max(1, self._appended)
            words += f"  stored {bar(read * min(1.0, max(0.0, kept)))}"
        line.show(words)

    def _note(self, source: Source, progress: Progress) -> None:
        counts = progress.counts
        detail = {
            "import": progress.key,
            "format": progress.format,
            "events": counts.events,
            "refused": counts.refused,
        }
        line = AuditLine(
            datetime.now(UTC), actor(), "import", self._site, source.path.name, json.dumps(detail)
        )
        self._store.add_audit_line(line)


@dataclass
class _Sizes:
    """How much of all files was read."""

    total: int = 1
    before: int = 0
    current: int = field(default=0)

    def begin(self, path: Path) -> None:
        """The next file is being read."""
        self.before += self.current
        self.current = path.stat().st_size

    def pass_over(self, path: Path) -> None:
        """A file that need not be read."""
        self.before += path.stat().st_size

    def share(self, done: float) -> float:
        return min(1.0, (self.before + self.current * done) / max(1, self.total))


def _say_imported_before(imports: Imports, source: Source, site: str) -> None:
    last = imports.runs(source.key(site))[-1]
    when = datetime.fromtimestamp((last.finished or last.began) / 1e6, UTC)
    click.echo(
        f"{source.path.name}: was imported before, on {when:%Y-%m-%d %H:%M} UTC "
        f"({last.counts.events:,} events), and is left out. Valid: --again, to import it once more.",
        err=True,
    )


@contextmanager
def _failing_in_words() -> Iterator[None]:
    from backsight_collector.imports.errors import ImportProblem

    try:
        with of_the_collector():
            yield
    except ImportProblem as problem:
        raise click.ClickException(str(problem)) from problem
    except KeyboardInterrupt:
        raise click.ClickException("stopped. The same command goes on where this one was.") from None
