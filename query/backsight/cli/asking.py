"""What commands share that ask a site: where it is, and how the answer is shown."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from backsight import connect
from backsight.cli.addresses import reached_at
from backsight.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backsight.questions import Questions
    from backsight.remote import RemoteSite
    from backsight.results import Result
    from backsight.results.raw_events import RawEvents
    from backsight.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])

SITE: Final = "backsight.site"
SAVED: Final = "backsight.saved"
"""What a command's context holds: the site that is asked, and the name under which to save the question."""


def data_option(command: Command) -> Command:
    """`--data`: the folder of a command that works on it directly."""
    return click.option("--data", metavar="FOLDER", help="Data folder.  [BACKSIGHT_DATA]")(command)


def site_option(command: Command) -> Command:
    """`--site`: which of the folder's sites."""
    return click.option("--site", metavar="NAME", help="Which site.  [BACKSIGHT_SITE]")(command)


def where_options(command: Command) -> Command:
    """`--data` and `--site`, or `--url` and `--key`."""
    options = (
        data_option,
        site_option,
        click.option("--url", metavar="URL", help="Ask this server instead of a folder.  [BACKSIGHT_URL]"),
        click.option("--key", metavar="SECRET", help="Secret key for it.  [BACKSIGHT_SECRET_KEY]"),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def asks_site(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the command an open site as its first argument, from the options that say where it is."""

    @where_options
    @functools.wraps(command)
    def asking(
        data: str | None, site: str | None, url: str | None, key: str | None, **arguments: Any
    ) -> None:
        with open_site(data, site, url, key) as opened:
            click.get_current_context().meta[SITE] = opened
            command(opened, **arguments)

    return asking


def open_site(data: str | None, site: str | None, url: str | None, key: str | None) -> Questions:
    """The site in a folder or on a server; `--data` wins over a server that is configured."""
    server = on_server(data, site, url, key)
    return server if server is not None else _local(Config.load(options={"data": data, "site": site}))


def on_server(data: str | None, site: str | None, url: str | None, key: str | None) -> RemoteSite | None:
    """The site on the server that is asked; None where a folder is."""
    if url and data:
        raise click.UsageError("--url and --data are given both. Valid: one of them.")
    config = Config.load(options={"data": data, "site": site, "url": url, "secret_key": key})
    if not config.url or data:
        return None
    if not config.secret_key:
        raise click.UsageError(f"{config.url} wants a secret key. Valid: --key, or BACKSIGHT_SECRET_KEY.")
    return connect(config.url, key=config.secret_key)


def _local(config: Config) -> Questions:
    from backsight.data_directory import open_site as open_local

    site = open_local(require_data(config.data), config.site, config.threads, config.memory, config.database)
    site.actor, site.server = actor(), reached_at(config.host, config.port)
    return site


def require_data(folder: Path) -> Path:
    """The folder, where it holds Backsight's data; a command that asks never makes one."""
    if not folder.is_dir() or not any(folder.iterdir()):
        raise click.ClickException(
            f"--data: {str(folder)!r} holds no Backsight data. "
            f"Valid: a folder that `backsight up` has made{_or_a_server()}."
        )
    return folder


def _or_a_server() -> str:
    """What else may be asked, by commands that ask either."""
    context = click.get_current_context(silent=True)
    asks = context is not None and any(option.name == "url" for option in context.command.params)
    return "; or --url and --key of a server" if asks else ""


@contextmanager
def open_store(data: str | None) -> Iterator[tuple[Store, Config]]:
    """The store of a data folder that exists, and the configuration that led there."""
    from backsight.store.sqlite import SQLiteStore

    config = Config.load(options={"data": data})
    require_data(config.data)
    with SQLiteStore(config.database) as store:
        yield store, config


def site_name(store: Store, named: str | None) -> str:
    """The site of that name, else the only one. Raises NotFound, or UsageError where there are several."""
    from backsight.sites import require_site

    if named:
        return require_site(store, named)
    known = [site.name for site in store.sites()]
    if len(known) != 1:
        raise click.UsageError(
            f"which site? Valid: --site {' | '.join(known) or 'NAME, after `backsight up`'}."
        )
    return known[0]


def actor() -> str:
    """Who changes something from this machine, as the audit trail tells it."""
    from backsight.store import local_actor

    return local_actor("cli")


def output_options(command: Command) -> Command:
    """`--json`, `--csv` or `--sql` instead of a table."""
    options = (
        click.option("--json", "output", flag_value="json", help="Print the answer as JSON."),
        click.option("--csv", "output", flag_value="csv", help="Print the figures as CSV."),
        click.option("--sql", "output", flag_value="sql", help="Print the SQL that answers the question."),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@dataclass(frozen=True)
class Explaining:
    """The person about whom a report is asked, and which of their events are shown."""

    person: str
    only: str | None
    limit: int
    after: str | None


def show(result: Result, output: str | None) -> None:
    """A result on standard output: a table, unless JSON, CSV or SQL was asked for; within `explain` what it
    says of one person.
    """
    _save(result)
    asked = click.get_current_context().find_object(Explaining)
    if asked is not None:
        result = result.explain(asked.person, only=asked.only, limit=asked.limit, after=asked.after)
    if output == "json":
        show_json(result.answer)
    elif output == "csv":
        click.echo(result.to_csv(), nl=False)
    else:
        click.echo(result.sql() if output == "sql" else repr(result))


def _save(result: Result) -> None:
    """Saves what was asked, where --save says so."""
    meta = click.get_current_context().meta
    if SAVED in meta:
        saved = meta[SITE].save(meta[SAVED], result)
        click.echo(f"Saved as {saved.name!r}, version {saved.version}.", err=True)


def show_rows(rows: RawEvents, output: str | None) -> None:
    """Raw events on standard output: the first as a table, all as CSV, or the first 1,000 as JSON."""
    if output == "csv":
        for lines in rows.csv_lines():
            click.echo(lines, nl=False)
    elif output == "json":
        show_json({"total": rows.count(), "persons": rows.persons, "events": rows.head(1_000)})
    elif output == "sql":
        raise click.UsageError("raw events are no answer of one statement. Valid: --csv or --json.")
    else:
        click.echo(repr(rows))


def show_json(value: object) -> None:
    """A value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
