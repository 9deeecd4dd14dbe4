"""`backsight page`: the built-in page, opened with a key of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from backsight.cli.asking import asks_site

if TYPE_CHECKING:
    from backsight.questions import Questions

HOURS: Final = 12
MOST_HOURS: Final = 720
SECONDS: Final = 2.0
"""How long a server has to say that it is there."""


@click.command()
@click.option(
    "--hours", type=click.IntRange(1, MOST_HOURS), default=HOURS, show_default=True,
    help="How long its key may be used.",
)  # fmt: skip
@click.option(
    "--scope", type=click.Choice(["read", "define"]), default="read", show_default=True,
    help="Look only; or save and share reports, too.",
)  # fmt: skip
@click.option("--open", "opens", is_flag=True, help="Open it in the browser, too.")
@asks_site
def page(site: Questions, hours: int, scope: str, opens: bool) -> None:
    """Print a link to the built-in page, with a new secret key that ends by itself.

    The key stands behind the # of the address, which browsers send to nobody. Who has the link may ask
    everything about the site until then: it is a secret. With --url the key that asks needs the scope admin.

    \b
    backsight page --open
    """
    expires = datetime.now(UTC) + timedelta(hours=hours)
    made = site.keys.create(scope, label="page", expires=expires)
    address = f"{site.server}/#{made.key}"
    click.echo(address)
    what = "ask about" if scope == "read" else "ask about, and define,"
    until = f"{expires:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Who has it may {what} all of {site.site!r} until {until}; it is {made.key_id}.", err=True)
    if not _answers(site.server):
        way = "start `backsight up` first, or say its port (BACKSIGHT_PORT=…)"
        click.echo(f"Nothing answers at {site.server}: {way}.", err=True)
    elif opens and click.launch(address) != 0:
        click.echo("No browser could be opened here: open the link by hand.", err=True)


def _answers(server: str) -> bool:
    import httpx

    try:
        return httpx.head(f"{server}/", timeout=SECONDS).is_success
    except httpx.HTTPError:
        return False
