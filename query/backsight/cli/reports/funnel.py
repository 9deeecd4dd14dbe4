"""`backsight funnel`: who got how far."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from backsight.cli.asking import asks_site, output_options, show, show_rows
from backsight.cli.reports.options import (
    breakdown_arguments,
    breakdown_options,
    filter_options,
    group_option,
    options,
    session_arguments,
    session_options,
)
from backsight.cli.words import step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsight.questions import Questions
    from backsight.results import Funnel, Result

_attempt_options = options(
    click.option(
        "--order",
        default="ordered",
        show_default=True,
        type=click.Choice(["ordered", "strict", "any"]),
        help="strict: no other named or custom event between; any: how many of the steps were done.",
    ),
    click.option(
        "--entry",
        type=click.Choice(["any", "first"]),
        help="Which first steps open an attempt: each one, or a person's first.  [default: any]",
    ),
    click.option(
        "--count",
        default="persons",
        show_default=True,
        type=click.Choice(["persons", "sessions", "totals"]),
        help="What is counted; totals: all attempts, one after another.",
    ),
    session_options,
    click.option(
        "--exclude",
        multiple=True,
        type=step,
        metavar="STEP",
        help="Ends an attempt; or as JSON an exclusion between two steps. May be repeated.",
    ),
    click.option(
        "--exclude-mode",
        default="attempt",
        show_default=True,
        type=click.Choice(["attempt", "person"]),
        help="What is out: the attempt, or whoever made one.",
    ),
    click.option(
        "--hold", multiple=True, metavar="PROPERTY", help="It has one value at all steps; may be repeated."
    ),
    click.option(
        "--optional", multiple=True, type=int, metavar="N", help="Step N may be left out; may be repeated."
    ),
    click.option(
        "--first-ever",
        multiple=True,
        type=int,
        metavar="N",
        help="Only a person's first such event ever fills step N; may be repeated.",
    ),
)
_time_options = options(
    click.option(
        "--interval", type=click.Choice(["hour", "day", "week", "month"]),
        help="Show the conversion of each period instead.",
    ),
    click.option(
        "--week-start", default="monday", show_default=True, type=click.Choice(["monday", "sunday"]),
        help="First day of a week.",
    ),
    click.option("--histogram", metavar="N-M", help="Show how long it took from step N to step M, too."),
    click.option("--bins", type=int, metavar="N", help="Of --histogram: how many.  [default: 20]"),
    click.option("--curve", is_flag=True, help="Show how the share of those who converted grew, too."),
)  # fmt: skip
_attribution_options = options(
    click.option(
        "--attribution", type=click.Choice(["first", "last", "step", "all"]),
        help="Which event of an attempt says its group.  [default: first]",
    ),
    click.option("--attribution-step", type=int, metavar="STEP", help="Of --attribution step: which one."),
)  # fmt: skip
_persons_options = options(
    click.option("--persons", type=int, metavar="STEP", help="List who reached this step instead (from 1)."),
    click.option(
        "--events", type=int, metavar="STEP",
        help="Show the raw events that did this step instead; --csv: all of them.",
    ),
    click.option("--dropped", is_flag=True, help="Who got to the one before and no further."),
    group_option,
    click.option("--after", metavar="PERSON", help="The next page, after the last person of one."),
)  # fmt: skip


@click.command()
@click.argument("steps", nargs=-1, required=True, type=step, metavar="STEP...")
@click.option(
    "--window", default="14d", show_default=True, metavar="SPAN", help="Longest time from first to last step."
)
@_attempt_options
@click.option(
    "--range", type=click.Choice(["all"]), help="all: --from and --to bound every step, not only the first."
)
@breakdown_options
@_attribution_options
@_time_options
@_persons_options
@filter_options
@output_options
@asks_site
def funnel(site: Questions, steps: Sequence[Any], output: str | None, **arguments: Any) -> None:
    """Count the persons who did STEPs one after another.

    A STEP is a named event, or a rule as JSON.

    \b
    backsight funnel "Viewed pricing" "Signed up" --window 7d --since 30d
    backsight funnel '{"on": "pageview"}' "Signed up" --by browser --limit 5
    backsight funnel "Viewed pricing" "Signed up" --exclude "Complained" --hold props.plan
    backsight funnel "Viewed pricing" "Signed up" --persons 2 --dropped
    backsight funnel "Viewed pricing" "Signed up" --events 2 --csv
    """
    steps = _marked(list(steps), arguments)
    histogram = _histogram(arguments)
    events = arguments.pop("events")
    persons = {name: arguments.pop(name) for name in ("persons", "dropped", "group", "after")}
    asked = site.funnel(steps, **_grouped(session_arguments(arguments)), histogram=histogram)
    if events is None:
        show(_persons(asked, **persons), output)
        return
    if persons["persons"] is not None or persons["after"] is not None:
        raise click.UsageError("--events lists no persons. Valid: --events STEP, --dropped and --group.")
    show_rows(asked.events(events, dropped=persons["dropped"], group=persons["group"] or None), output)


def _marked(steps: list[Any], arguments: dict[str, Any]) -> list[Any]:
    """The steps, with what --optional and --first-ever say of them."""
    for key in ("optional", "first_ever"):
        for number in arguments.pop(key):
            if not 1 <= number <= len(steps):
                option = key.replace("_", "-")
                raise click.UsageError(f"--{option} {number}: no such step. Valid: 1 to {len(steps)}.")
            given = steps[number - 1]
            steps[number - 1] = ({"event": given} if isinstance(given, str) else given) | {key: True}
    return steps


def _grouped(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with a `breakdown` that says which event of an attempt decides."""
    own = {"attribution": arguments.pop("attribution"), "step": arguments.pop("attribution_step")}
    given = {name: value for name, value in own.items() if value is not None}
    asked = breakdown_arguments(arguments)
    if given and asked["breakdown"] is None:
        raise click.UsageError("--attribution and --attribution-step need --by. Valid: --by PROPERTY.")
    return asked | {"breakdown": asked["breakdown"] | given} if given else asked


def _histogram(arguments: dict[str, Any]) -> dict[str, int] | None:
    """What --histogram and --bins ask for."""
    between, bins = arguments.pop("histogram"), arguments.pop("bins")
    if between is None and bins is None:
        return None
    found = re.fullmatch(r"([0-9]{1,3})-([0-9]{1,3})", between or "")
    if found is None:
        raise click.UsageError("--histogram is between two steps. Valid: --histogram 1-2.")
    asked = {"from": int(found[1]), "to": int(found[2])}
    return asked if bins is None else asked | {"bins": bins}


def _persons(
    asked: Funnel, persons: int | None, dropped: bool, group: Sequence[Any], after: str | None
) -> Result:
    if persons is not None:
        return asked.persons(persons, dropped=dropped, group=group or None, after=after)
    if dropped or group or after is not None:
        raise click.UsageError("--dropped, --group and --after need --persons. Valid: --persons STEP.")
    return asked
