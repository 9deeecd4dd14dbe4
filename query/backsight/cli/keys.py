"""`backsight keys`: who may write to a site, and who may ask about it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import (
    actor,
    data_option,
    on_server,
    open_store,
    show_json,
    site_name,
    site_option,
    where_options,
)
from backsight.keys import SCOPES

if TYPE_CHECKING:
    from backsight.keys import Key
    from backsight.questions.administration import SiteKeys

Command = Callable[..., Any]


def _asks_keys(command: Command) -> Command:
    """Gives the command the keys as its first argument, from the options that say where they are."""

    @where_options
    @functools.wraps(command)
    def asking(
        data: str | None, site: str | None, url: str | None, key: str | None, **arguments: Any
    ) -> None:
        with _opened(data, site, url, key, named="key_id" in arguments) as keys:
            command(keys, **arguments)

    return asking


def _setting_options(command: Command) -> Command:
    options = (
        click.option("--label", help="What it is for."),
        click.option(
            "--expires", metavar="WHEN",
            help="When it ends by itself: an instant, or 90d for in 90 days; never, unless set.",
        ),
        click.option(
            "--origin", "origins", multiple=True, metavar="ORIGIN",
            help="Of a write key: whose pages may send with it, https://shop.example, or "
            "https://*.shop.example for its subdomains; repeatable. All, unless set.",
        ),
        click.option(
            "--events-per-second", metavar="RATE", type=float,
            help="Of a write key: how many events it may send, on average; as the server is set, unless set.",
        ),
        click.option(
            "--pages-only/--servers-too", "pages_only", default=None,
            help="Of a write key: whether servers, which send no origin, are refused.",
        ),
    )  # fmt: skip
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@click.group()
def keys() -> None:
    """Keys: write keys (for the snippet), secret keys (for asking), and tokens of links (to the definer, to
    saved reports).

    With --url they are those of a server, asked with a secret key that has the scope admin.
    """


@keys.command()
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(SCOPES),
    help="Make a secret key that may do this; each scope includes those before it.",
)  # fmt: skip
@_setting_options
@_asks_keys
def create(site_keys: SiteKeys, scopes: tuple[str, ...], **settings: Any) -> None:
    """Make a write key, or with --scope a secret key, and print it.

    A secret key is kept hashed: it is printed here and never again.
    """
    click.echo(site_keys.create(*scopes, **_given(settings)).key)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_asks_keys
def list_keys(site_keys: SiteKeys, as_json: bool) -> None:
    """List a site's keys and the tokens of links, revoked and expired ones included."""
    listed = list(site_keys.list())
    if as_json:
        show_json([key.to_json() for key in listed])
    else:
        _show_table(listed)


@keys.command("set")
@click.argument("key_id")
@_setting_options
@click.option("--any-origin", is_flag=True, help="Let pages of all origins send with it again.")
@click.option("--never-expires", is_flag=True, help="Let it last until it is revoked.")
@click.option("--default-rate", is_flag=True, help="Bound its events as the server is set.")
@_asks_keys
def set_key(site_keys: SiteKeys, key_id: str, **settings: Any) -> None:
    """Change what is set of the key KEY_ID; the key itself stays as it is, in pages and scripts.

    \b
    backsight keys set k_1cca00f838c8 --origin https://shop.example --events-per-second 200
    """
    asked = _given(settings)
    flags = {"any_origin": "origins", "never_expires": "expires", "default_rate": "events_per_second"}
    for flag, name in flags.items():
        if asked.pop(flag):
            if name in asked:
                raise click.UsageError(f"--{flag.replace('_', '-')} and a value are given both.")
            asked[name] = None
    if not asked:
        raise click.UsageError("nothing is to be set. Valid: an option, such as --label.")
    click.echo(f"Key {key_id}: {_words(site_keys.set(key_id, **asked))}.")


@keys.command()
@click.argument("key_id")
@click.option(
    "--days", type=click.IntRange(0, 365), default=7, show_default=True,
    help="For how long the old key still opens what it did; 0: no longer.",
)  # fmt: skip
@click.option("--expires", metavar="WHEN", help="When the new key ends by itself; never, unless set.")
@_asks_keys
def rotate(site_keys: SiteKeys, key_id: str, days: int, expires: str | None) -> None:
    """Make a new key that opens the same as KEY_ID, print it, and let the old one end in some days.

    `backsight keys list` shows whether the old one is still used.
    """
    made = site_keys.rotate(key_id, days, expires=expires)
    click.echo(made.key)
    click.echo(f"It is {made.key_id}. Key {key_id} ends {f'in {days} days' if days else 'now'}.", err=True)


@keys.command()
@click.argument("key_id")
@_asks_keys
def revoke(site_keys: SiteKeys, key_id: str) -> None:
    """Make the key with this id useless, from now on and for good, and the definer's tokens that it made."""
    revoked = site_keys.revoke(key_id)
    tokens = revoked.keys - 1
    told = f", with {tokens} of the definer's tokens that it made" if tokens > 0 else ""
    click.echo(f"Key {key_id} is revoked{told}.")
    if revoked.made:
        click.echo(f"Keys that it made still open what they did: {', '.join(revoked.made)}.", err=True)


@keys.command()
@data_option
@site_option
def prune(data: str | None, site: str | None) -> None:
    """Forget tokens of links (to the definer, to saved reports) that have expired; their audit lines stay."""
    from backsight.keys import Keys

    with open_store(data) as (store, config):
        name = site_name(store, site or config.site)
        pruned = Keys(store).prune(name, actor())
    click.echo(f"{pruned} expired token{'' if pruned == 1 else 's'} of {name!r} forgotten.")


@contextmanager
def _opened(
    data: str | None, site: str | None, url: str | None, key: str | None, *, named: bool
) -> Iterator[SiteKeys]:
    """The keys of a server or of a folder; there, a key that is `named` may be of any site."""
    from backsight.keys import KeyRequests, Keys
    from backsight.questions.administration import SiteKeys

    server = on_server(data, site, url, key)
    if server is not None:
        with server:
            yield server.keys
        return
    with open_store(data) as (store, config):
        asked = site or config.site
        name = None if named and not asked else site_name(store, asked)
        yield SiteKeys(KeyRequests(Keys(store), name, actor()))


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in settings.items() if value is not None and value != ()}


def _words(key: Key) -> str:
    told = [f"for {key.label!r}"] if key.label else []
    told.append("never ends" if key.expires is None else f"ends {key.expires:%Y-%m-%d %H:%M} UTC")
    if key.kind == "write":
        told.append("pages of " + (", ".join(key.origins) or "all origins"))
        told.append("no servers" if key.pages_only else "servers too")
        rate = key.events_per_second
        told.append("the server's rate" if rate is None else f"{rate:g} events a second")
    return "; ".join(told)


def _show_table(listed: list[Key]) -> None:
    from backsight.results.tables import Table

    rows = [
        [key.key_id, _shown(key), key.label, f"{key.created:%Y-%m-%d %H:%M}", _used(key), _bounds(key),
         _state(key)]
        for key in listed
    ]  # fmt: skip
    header = ["id", "key", "label", "created (UTC)", "last used", "bounds", ""]
    click.echo(Table(header, rows, left=frozenset(range(7))).text())


def _shown(key: Key) -> str:
    if key.origin is not None:
        return f"dt_… on {key.origin}"
    if key.report is not None:
        return f"rt_… to {key.report!r}"
    return key.shown or "sk_… " + " ".join(key.scopes)


def _used(key: Key) -> str:
    return f"{key.last_used:%Y-%m-%d %H}h" if key.last_used else ""


def _bounds(key: Key) -> str:
    rate = [] if key.events_per_second is None else [f"{key.events_per_second:g}/s"]
    return " ".join([*rate, *(["pages only"] if key.pages_only else []), *key.origins])


def _state(key: Key) -> str:
    if key.revoked:
        return "revoked"
    if key.expires is None:
        return ""
    return f"{'expired' if key.expires <= datetime.now(UTC) else 'until'} {key.expires:%Y-%m-%d %H:%M}"
