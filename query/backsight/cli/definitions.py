"""`backsight plan` and `backsight apply`: named events and cohorts as a file has them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from backsight.cli.asking import asks_site, show_json
from backsight.cli.reports.options import range_options

if TYPE_CHECKING:
    from backsight.definitions import Plan
    from backsight.questions import Questions

Command = TypeVar("Command", bound=Callable[..., Any])

CHANGES: Final = 2
"""Exit code of a plan that changes something; 1 is an error, whichever."""


class Gate(click.Command):
    """A command whose exit codes are read by machines: a slip in its options is an error as others are."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _slips():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _slips():
            return super().invoke(ctx)


class Slip(click.UsageError):
    """A slip on the command line."""

    exit_code = 1


@contextmanager
def _slips() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise Slip(error.format_message(), error.ctx) from error


def _file_options(command: Command) -> Command:
    options = (
        click.argument("file", default="events.yaml", type=click.Path(dir_okay=False)),
        click.option("--prune", is_flag=True, help="Delete names that no file has, nor this one."),
        click.option(
            "--overwrite", multiple=True, metavar="NAME",
            help="Overwrite what was changed elsewhere since the last apply; may be repeated.",
        ),
        click.option("--overwrite-drift", is_flag=True, help="The same for all names."),
    )  # fmt: skip
    return reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


@click.command(cls=Gate)
@_file_options
@click.option("--quick", is_flag=True, help="Only what would be edited: nothing is counted.")
@range_options
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
    help="For a terminal, a machine or a review comment.",
)  # fmt: skip
@asks_site
def plan(
    site: Questions, file: str, form: str, quick: bool, overwrite: tuple[str, ...], overwrite_drift: bool,
    **arguments: Any,
) -> None:  # fmt: skip
    """Show what an apply of FILE (events.yaml) would do, and what that does to the past; nothing is changed.

    Ends with exit code 0 where there is nothing to do, 2 where there is, and 1 after an error.

    \b
    backsight plan events.yaml
    backsight plan events.yaml --format markdown > comment.md
    """
    made = site.plan(file, overwrite=overwrite_drift or overwrite, effects=not quick, **arguments)
    if form == "json":
        show_json(made.answer)
    elif form == "markdown":
        click.echo(made.markdown(), nl=False)
    else:
        _show(made, file)
    if made.changes:
        click.get_current_context().exit(CHANGES)


@click.command(cls=Gate)
@_file_options
@click.option("--plan", "fingerprint", metavar="FINGERPRINT", help="Apply this plan, or nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@asks_site
def apply(
    site: Questions, file: str, fingerprint: str | None, yes: bool, as_json: bool, prune: bool,
    overwrite: tuple[str, ...], overwrite_drift: bool,
) -> None:  # fmt: skip
    """Do what a plan of FILE (events.yaml) says: all of it, or nothing.

    Shows the plan and asks, unless --yes or the fingerprint of a plan is given.

    \b
    backsight apply events.yaml
    backsight apply events.yaml --yes
    """
    options: dict[str, Any] = {"prune": prune, "overwrite": overwrite_drift or overwrite}
    if fingerprint or yes:
        done = site.apply(file, fingerprint=fingerprint, **options)
    else:
        if not _can_ask():
            raise click.UsageError("nobody can be asked. Valid: --yes, or --plan with a plan's fingerprint.")
        made = site.plan(file, **options)
        click.echo(made.text(colour=sys.stdout.isatty()), err=as_json)
        if made.changes and not made.held_back:
            click.confirm("Apply this?", abort=True, err=as_json)
        done = site.apply(made)
    if as_json:
        show_json(done.answer)
    else:
        click.echo(repr(done))


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _show(made: Plan, file: str) -> None:
    click.echo(made.text(colour=sys.stdout.isatty()))
    if made.changes and not made.held_back:
        options = ["--prune"] if made.request.get("prune") else []
        overwrite = made.request.get("overwrite", [])
        options += ["--overwrite-drift"] if overwrite is True else []
        options += (
            [part for name in overwrite for part in ("--overwrite", name)] if overwrite is not True else []
        )
        said = shlex.join(["backsight", "apply", file, *options, "--plan", made.fingerprint])
        click.echo(f"\nTo do this and nothing else: {click.unstyle(said)}")
