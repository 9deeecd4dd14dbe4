"""Options that questions share: a rule in words, filters and the range."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from backsight.cli.asking import SAVED
from backsight.cli.words import as_of, predicate, rules, step, value
from backsight.contract import EventType
from backsight.ready import READY

Command = TypeVar("Command", bound=Callable[..., Any])
EVENT_TYPES = [*(each.value for each in EventType), "any"]


def options(*each: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(each), command)

    return add


rule_options = options(
    click.option("--css", metavar="SELECTOR", help="CSS selector of the element."),
    click.option("--on", multiple=True, type=click.Choice(EVENT_TYPES), help="Event type; may be repeated."),
    click.option(
        "--match", type=click.Choice(["closest", "target"]),
        help="The element or one inside it (closest, the default), or itself only.",
    ),
    click.option("--text", metavar="TEXT", help="Exact text of the element."),
    click.option("--path", metavar="PATH", help="Exact path of the page."),
    click.option(
        "--ready", type=click.Choice(list(READY)),
        help="A ready-made rule instead: see `backsight events ready`.",
    ),
    click.option("--rules", type=rules, metavar="JSON|@FILE", help="A rule, or a list of them, instead."),
)  # fmt: skip
"""A rule in words; `rule_arguments` reads what they give."""

where_option = click.option(
    "--where", multiple=True, type=predicate, metavar="PRED",
    help="Only events where PROPERTY=VALUE (or != ~ !~ > >= < <=) holds; may be repeated.",
)  # fmt: skip

as_of_option = click.option(
    "--as-of", type=as_of, metavar="FILE|JSON",
    help="An earlier answer (from --json): answer as of then.",
)  # fmt: skip

range_options = options(
    click.option("--from", "from_", metavar="DATE", help="First date, or an RFC 3339 instant."),
    click.option("--to", metavar="DATE", help="Last date (inclusive), or an instant."),
    click.option("--since", metavar="SPAN", help="Instead of --from: 30d, 8w, 12h."),
    click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA timezone."),
)


def _note_name(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    if name is not None:
        context.meta[SAVED] = name


save_option = click.option(
    "--save", metavar="NAME", callback=_note_name, expose_value=False,
    help="Save the question under this name, too: see `backsight saved`.",
)  # fmt: skip

filter_options = options(
    where_option,
    click.option(
        "--person-where", multiple=True, type=predicate, metavar="PRED",
        help="Only persons where TRAIT=VALUE holds, or a condition as JSON; may be repeated.",
    ),
    range_options,
    as_of_option,
    save_option,
)  # fmt: skip
"""What all reports take."""

breakdown_options = options(
    click.option("--by", multiple=True, metavar="PROPERTY", help="Break down by it; may be repeated."),
    click.option("--limit", type=int, metavar="N", help="Groups that stand alone.  [default: 25]"),
)
"""Groups; `breakdown_arguments` reads what they give."""

group_option = click.option(
    "--group", multiple=True, type=value, metavar="VALUE",
    help="Only those of this group of --by, a value each (null: none).",
)  # fmt: skip

session_options = options(
    click.option("--session-gap", metavar="SPAN", help="Sessions end after so long without any event: 30m."),
    click.option(
        "--session-starts", type=step, metavar="STEP", help="Sessions begin with every event of this step."
    ),
)
"""How sessions are decided; `session_arguments` reads what they give."""


def breakdown_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with `breakdown` in place of what `breakdown_options` gave."""
    by, limit = list(arguments.pop("by")), arguments.pop("limit")
    if limit is not None and not by:
        raise click.UsageError("--limit needs --by. Valid: --by PROPERTY.")
    breakdown = {"by": by} | ({} if limit is None else {"limit": limit})
    return arguments | {"breakdown": breakdown if by else None}


def session_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with `session` in place of what `session_options` gave."""
    parts = {"gap": arguments.pop("session_gap"), "starts": arguments.pop("session_starts")}
    rule = {name: part for name, part in parts.items() if part is not None}
    return arguments | {"session": rule or None}


def rule_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes out what `rule_options` and `where_option` gave: the arguments of `define` and `preview`."""
    taken = {name: arguments.pop(name) for name in ("css", "on", "match", "text", "rules", "where")}
    if (ready := arguments.pop("ready")) is not None:
        if any(taken.values()) or arguments["path"] is not None:
            raise click.UsageError("--ready says all of the rule. Valid: to add to it, --rules with JSON.")
        taken["rules"] = READY[ready].make()
    on = list(taken.pop("on"))
    return taken | {
        "on": on[0] if len(on) == 1 else on or None,
        "page": arguments.pop("path"),
        "where": list(taken["where"]) or None,
    }
