"""`backsight sites`: which sites a data folder keeps."""

from __future__ import annotations

import click

from backsight.cli.asking import actor, data_option, open_store, show_json


@click.group()
def sites() -> None:
    """Sites: tracked properties, each with its own keys and named events."""


@sites.command("list")
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_sites(data: str | None, as_json: bool) -> None:
    """List the sites."""
    with open_store(data) as (store, _):
        names = [site.name for site in store.sites()]
    if as_json:
        show_json(names)
    else:
        click.echo("\n".join(names))


@sites.command()
@data_option
@click.argument("name")
def create(data: str | None, name: str) -> None:
    """Make the site NAME known, with a write key of its own."""
    from backsight.keys import Keys
    from backsight.sites import create_site

    with open_store(data) as (store, _):
        create_site(store, name, actor())
        key = Keys(store).create_write(name, actor())
    click.echo(f"Site {name!r} has the write key {key.key}.")
