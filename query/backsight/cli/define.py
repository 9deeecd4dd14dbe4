"""`backsight define`: the definer, on a page of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from backsight.cli.asking import asks_site
from backsight.definer_links import MINUTES, MOST_MINUTES

if TYPE_CHECKING:
    from backsight.questions import Questions


@click.command()
@click.argument("page", metavar="URL")
@click.option(
    "--minutes", type=click.IntRange(1, MOST_MINUTES), default=MINUTES, show_default=True,
    help="How long the link may be used.",
)  # fmt: skip
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser, too.")
@asks_site
def define(site: Questions, page: str, minutes: int, opens: bool) -> None:
    """Print a link that opens the definer on the page URL.

    It names events by pointing at elements. The page must load the snippet of this site. Who has the link
    may define events until it expires.

    \b
    backsight define https://shop.example/pricing --open
    """
    link = site.define_link(page, minutes)
    click.echo(link.url)
    click.echo(f"Who has it may define events until {link.expires:%Y-%m-%d %H:%M} UTC.", err=True)
    if opens and click.launch(link.url) != 0:
        click.echo("No browser could be opened here: open the link by hand.", err=True)
