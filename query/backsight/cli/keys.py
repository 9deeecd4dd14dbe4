"""`backsight keys`: who may write to a site, and who may ask about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from backsight.cli.asking import actor, data_option, open_store, show_json, site_name, site_option
from backsight.keys import SCOPES

if TYPE_CHECKING:
    from backsight.keys import Key, Keys


@click.group()
def keys() -> None:
    """Keys: write keys (for the snippet), secret keys (for asking), and the definer's tokens."""


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
    """List a site's keys and the definer's tokens, revoked and expired ones included."""
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
    """Make the key with this id useless, from now on and for good, and the definer's tokens that it made."""
    from backsight.keys import Keys

    with open_store(data) as (store, _):
        tokens = Keys(store).revoke(key_id, actor()) - 1
    made = f", with {tokens} of the definer's tokens that it made" if tokens > 0 else ""
    click.echo(f"Key {key_id} is revoked{made}.")


@keys.command()
@data_option
@site_option
def prune(data: str | None, site: str | None) -> None:
    """Forget the definer's tokens that have expired; their audit lines stay."""
    with _opened(data, site) as (kept, name):
        pruned = kept.prune(name, actor())
    click.echo(f"{pruned} expired token{'' if pruned == 1 else 's'} of {name!r} forgotten.")


@contextmanager
def _opened(data: str | None, site: str | None) -> Iterator[tuple[Keys, str]]:
    from backsight.keys import Keys

    with open_store(data) as (store, config):
        yield Keys(store), site_name(store, site or config.site)


def _as_json(key: Key) -> dict[str, object]:
    return {
        "key_id": key.key_id, "site": key.site, "kind": key.kind, "key": key.shown,
        "scopes": list(key.scopes), "label": key.label, "created": key.created.isoformat(),
        "revoked": key.revoked and key.revoked.isoformat(), "origin": key.origin,
        "expires": key.expires and key.expires.isoformat(), "maker": key.maker,
    }  # fmt: skip


def _show_table(listed: list[Key]) -> None:
    from backsight.results.tables import Table

    rows = [
        [key.key_id, _shown(key), key.label, f"{key.created:%Y-%m-%d %H:%M}", _state(key)] for key in listed
    ]
    click.echo(Table(["id", "key", "label", "created (UTC)", ""], rows, left=frozenset(range(5))).text())


def _shown(key: Key) -> str:
    if key.origin is not None:
        return f"dt_… on {key.origin}"
    return key.shown or "sk_… " + " ".join(key.scopes)


def _state(key: Key) -> str:
    if key.revoked:
        return "revoked"
    if key.expires is None:
        return ""
    return f"{'expired' if key.expires <= datetime.now(UTC) else 'until'} {key.expires:%Y-%m-%d %H:%M}"
