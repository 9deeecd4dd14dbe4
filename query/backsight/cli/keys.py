"""`backsight keys`: who may write to a site, and who may ask about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from backsight.cli.asking import actor, data_option, open_store, show_json, site_name, site_option
from backsight.keys import SCOPES

if TYPE_CHECKING:
    from backsight.keys import Key, Keys


@click.group()
def keys() -> None:
    """Keys: write keys (public, for the snippet) and secret keys (for asking)."""


@keys.command()
@data_option
@site_option
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES),
    help="Make a secret key that may do this; each scope includes those before it.",
)  # fmt: skip
@click.option("--label", default="", help="What it is for.")
def create(data: str | None, site: str | None, scopes: tuple[str, ...], label: str) -> None:
    """Make a write key, or with --scope a secret key, and print it.

    A secret key is kept hashed: it is printed here and never again.
    """
    with _opened(data, site) as (kept, name):
        if scopes:
            made = kept.create_secret(name, scopes, actor(), label)
        else:
            made = kept.create_write(name, actor(), label)
    click.echo(made.key)


@keys.command("list")
@data_option
@site_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(data: str | None, site: str | None, as_json: bool) -> None:
    """List a site's keys, revoked ones included."""
    with _opened(data, site) as (kept, name):
        listed = kept.list(name)
    if as_json:
        show_json([_as_json(key) for key in listed])
    else:
        _show_table(listed)


@keys.command()
@data_option
@click.argument("key_id")
def revoke(data: str | None, key_id: str) -> None:
    """Make the key with this id useless, from now on and for good."""
    from backsight.keys import Keys

    with open_store(data) as (store, _):
        Keys(store).revoke(key_id, actor())
    click.echo(f"Key {key_id} is revoked.")


@contextmanager
def _opened(data: str | None, site: str | None) -> Iterator[tuple[Keys, str]]:
    from backsight.keys import Keys

    with open_store(data) as (store, config):
        yield Keys(store), site_name(store, site or config.site)


def _as_json(key: Key) -> dict[str, object]:
    return {
        "key_id": key.key_id, "site": key.site, "kind": key.kind, "key": key.shown,
        "scopes": list(key.scopes), "label": key.label, "created": key.created.isoformat(),
        "revoked": key.revoked and key.revoked.isoformat(),
    }  # fmt: skip


def _show_table(listed: list[Key]) -> None:
    from backsight.results.tables import Table

    rows = [
        [key.key_id, key.shown or "sk_… " + " ".join(key.scopes), key.label, f"{key.created:%Y-%m-%d %H:%M}",
         "revoked" if key.revoked else ""]
        for key in listed
    ]  # fmt: skip
    click.echo(Table(["id", "key", "label", "created (UTC)", ""], rows, left=frozenset(range(5))).text())
