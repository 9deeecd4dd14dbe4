"""`backsight lake`: where the lake's committed files are, for other engines that read them in place."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final

import click

from backsight.cli.asking import data_option, open_store, show_json, site_name, site_option
from backsight.contract import PARTITIONS, TABLES
from backsight.errors import InvalidRequest, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backsight.lake import Snapshot

_DATE_OF_FILE: Final = "cast(split_part(split_part(filename, '/date=', -1), '/', 1) as date)"
"""A partition's date stands in the folder's name, not in the file."""


class Day(click.ParamType[date]):
    """A date, as in 2026-10-01."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{shown(value)} is no date. Valid: as in 2026-10-01.", param, ctx)


@click.group()
def lake() -> None:
    """The lake's committed files, for Polars, DuckDB, ClickHouse, Spark and others to read in place."""


@lake.command()
@data_option
@site_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tables(data: str | None, site: str | None, as_json: bool) -> None:
    """List the tables: version, committed files of the site, and their bytes."""
    from backsight.results.tables import Table

    with _snapshot(data, site) as snapshot:
        listed = [_facts(snapshot, table) for table in TABLES]
    if as_json:
        show_json(listed)
        return
    rows = [
        [str(fact["table"]), *(f"{fact[key]:,}" for key in ("version", "files", "bytes"))] for fact in listed
    ]
    click.echo(Table(["table", "version", "files", "bytes"], rows, left=frozenset({0})).text())


@lake.command()
@click.argument("table", metavar="TABLE")
@data_option
@site_option
@click.option("--from", "first", type=Day(), metavar="DATE", help="From this UTC date on.")
@click.option("--to", "last", type=Day(), metavar="DATE", help="Up to this UTC date, inclusive.")
def files(table: str, data: str | None, site: str | None, first: date | None, last: date | None) -> None:
    """Print the committed files of TABLE, one a line; others in its folder do not count."""
    if table not in TABLES:
        raise InvalidRequest(
            f"there is no table {shown(table)} in the lake.",
            field="TABLE",
            value=table,
            valid=nearest(table, TABLES),
        )
    with _snapshot(data, site) as snapshot:
        for path in snapshot.files(table, first, last):
            click.echo(path)


@lake.command()
@data_option
@site_option
def views(data: str | None, site: str | None) -> None:
    """Print DuckDB's SQL for a view of each table, of one snapshot of the site.

    \b
    backsight lake views > lake.sql
    duckdb -init lake.sql -c "select type, count(*) from events group by type"
    """
    with _snapshot(data, site) as snapshot:
        for table in TABLES:
            click.echo(f"create or replace temp view {table} as\n{view_sql(snapshot, table)};")


def view_sql(snapshot: Snapshot, table: str) -> str:
    """DuckDB's SQL for the committed rows of one table, by the contract's columns in their order."""
    import pyarrow as pa

    from backsight.engine import Files, quoted, select_files, sql_type

    schema, partitions = TABLES[table], PARTITIONS[table]
    columns = ", ".join(f'"{field.name}"' for field in schema)
    paths = snapshot.files(table)
    if not paths:
        nothing = ", ".join(f'cast(null as {sql_type(field.type)}) as "{field.name}"' for field in schema)
        return f"select {nothing} where false"
    stored = pa.schema([field for field in schema if field.name not in partitions])
    added = f"{quoted(snapshot.site)} as site" + (
        f", {_DATE_OF_FILE} as date" if "date" in partitions else ""
    )
    return (
        f"select {columns}\nfrom (select {added}, * from ({select_files(Files(paths, stored, named=True))}))"
    )


@contextmanager
def _snapshot(data: str | None, site: str | None) -> Iterator[Snapshot]:
    from backsight.data_directory import LAKE
    from backsight.lake import Lake

    with open_store(data) as (store, config):
        named = site_name(store, site or config.site)
        yield Lake(config.data / LAKE).snapshot(named)


def _facts(snapshot: Snapshot, table: str) -> dict[str, str | int]:
    files = snapshot.data_files(table)
    size = sum(file.size for file in files)
    return {"table": table, "version": snapshot.versions[table], "files": len(files), "bytes": size}
