"""`backsight preview | funnel | retention | trend`: questions, with the options of the Python methods."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from backsight.cli.asking import asks_site, output_options, show
from backsight.cli.words import predicate, rules, step
from backsight.contract import EventType

if TYPE_CHECKING:
    from backsight.questions import Questions

Command = TypeVar("Command", bound=Callable[..., Any])
EVENT_TYPES = [*(each.value for each in EventType), "any"]


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)

    return add


rule_options = _options(
    click.option("--css", metavar="SELECTOR", help="CSS selector of the element."),
    click.option("--on", multiple=True, type=click.Choice(EVENT_TYPES), help="Event type; may be repeated."),
    click.option(
        "--match", type=click.Choice(["closest", "target"]),
        help="The element or one inside it (closest, the default), or itself only.",
    ),
    click.option("--text", metavar="TEXT", help="Exact text of the element."),
    click.option("--path", metavar="PATH", help="Exact path of the page."),
    click.option("--rules", type=rules, metavar="JSON|@FILE", help="A rule, or a list of them, instead."),
)  # fmt: skip
"""A rule in words; `rule_arguments` reads what they give."""

where_option = click.option(
    "--where", multiple=True, type=predicate, metavar="PRED",
    help="Only events where PROPERTY=VALUE (or != ~ !~ > >= < <=) holds; may be repeated.",
)  # fmt: skip

filter_options = _options(
    where_option,
    click.option(
        "--person-where", multiple=True, type=predicate, metavar="PRED",
        help="Only persons where TRAIT=VALUE holds; may be repeated.",
    ),
    click.option("--from", "from_", metavar="DATE", help="First date, or an RFC 3339 instant."),
    click.option("--to", metavar="DATE", help="Last date (inclusive), or an instant."),
    click.option("--since", metavar="SPAN", help="Instead of --from: 30d, 8w, 12h."),
    click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="IANA timezone."),
)  # fmt: skip


def rule_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes out what `rule_options` and `where_option` gave: the arguments of `define` and `preview`."""
    taken = {name: arguments.pop(name) for name in ("css", "on", "match", "text", "rules", "where")}
    on = list(taken.pop("on"))
    return taken | {
        "on": on[0] if len(on) == 1 else on or None,
        "page": arguments.pop("path"),
        "where": list(taken["where"]) or None,
    }


@click.command()
@rule_options
@where_option
@output_options
@asks_site
def preview(site: Questions, output: str | None, **arguments: Any) -> None:
    """Show what a rule matches over all of history; nothing is saved.

    \b
    backsight preview --css "form#signup" --on submit
    """
    show(site.preview(**rule_arguments(arguments)), output)


@click.command()
@click.argument("steps", nargs=-1, required=True, type=step, metavar="STEP...")
@click.option(
    "--window", default="14d", show_default=True, metavar="SPAN", help="Longest time from first to last step."
)
@click.option(
    "--entry", default="any", show_default=True, type=click.Choice(["any", "first"]),
    help="Which first steps open an attempt: each one, or a person's first.",
)  # fmt: skip
@click.option(
    "--range", type=click.Choice(["all"]), help="all: --from and --to bound every step, not only the first."
)
@filter_options
@output_options
@asks_site
def funnel(site: Questions, steps: tuple[Any, ...], output: str | None, **arguments: Any) -> None:
    """Count the persons who did STEPs one after another.

    A STEP is a named event, or a rule as JSON.

    \b
    backsight funnel "Viewed pricing" "Signed up" --window 7d --since 30d
    backsight funnel '{"on": "pageview"}' "Signed up" --where browser=Firefox
    """
    show(site.funnel(list(steps), **arguments), output)


@click.command()
@click.argument("start", type=step)
@click.argument("return_", type=step, metavar="RETURN")
@click.option(
    "--period",
    default="day",
    show_default=True,
    type=click.Choice(["hour", "day", "week", "month"]),
    help="Length of a period.",
)
@click.option(
    "--periods",
    default=12,
    show_default=True,
    type=int,
    metavar="N",
    help="How many periods, the cohort's own included.",
)
@click.option(
    "--cohort", default="first_in_range", show_default=True,
    type=click.Choice(["recurring", "first_in_range", "first_ever"]), help="Which starts make a cohort.",
)  # fmt: skip
@click.option(
    "--returned", default="on", show_default=True, type=click.Choice(["on", "on_or_after"]),
    help="Returned in the period itself, or in it or later.",
)  # fmt: skip
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@click.option("--range", type=click.Choice(["all"]), help="all: --from and --to bound returns too.")
@filter_options
@output_options
@asks_site
def retention(site: Questions, start: Any, return_: Any, output: str | None, **arguments: Any) -> None:
    """Count, of the persons who did START, those who did RETURN in later periods.

    \b
    backsight retention "Signed up" "Bought" --period week --periods 8
    """
    show(site.retention(start, return_, **arguments), output)


@click.command()
@click.argument("series", nargs=-1, required=True, type=step, metavar="STEP...")
@click.option(
    "--measure",
    type=click.Choice(["events", "persons", "sessions"]),
    help="What is counted.  [default: events]",
)
@click.option(
    "--interval",
    default="day",
    show_default=True,
    type=click.Choice(["hour", "day", "week", "month"]),
    help="Time between points.",
)
@click.option(
    "--week-start",
    default="monday",
    show_default=True,
    type=click.Choice(["monday", "sunday"]),
    help="First day of a week.",
)
@filter_options
@output_options
@asks_site
def trend(
    site: Questions, series: tuple[Any, ...], measure: str | None, output: str | None, **arguments: Any
) -> None:
    """Count events, persons or sessions over time.

    \b
    backsight trend "Signed up" "Bought" --measure persons --interval week --since 8w
    """
    show(site.trend([_measured(each, measure) for each in series], **arguments), output)


def _measured(step: Any, measure: str | None) -> Any:
    if measure is None:
        return step
    return ({"event": step} if isinstance(step, str) else step) | {"measure": measure}
