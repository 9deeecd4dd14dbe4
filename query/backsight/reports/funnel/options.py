"""The options of a funnel that decide which attempts count, checked.

"order": "ordered" | "strict" | "any", "entry": "any" | "first",
"count": "persons" | "sessions" | "totals", "session": {"gap": "30m", "starts": STEP} (see `sessions`),
"exclude": [{"event": STEP, "after": 1, "before": 2}, …], "exclude_mode": "attempt" | "person",
"hold": ["props.cart_id", …]; a step may say {"optional": true} and {"first_ever": true}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backsight.contract import MAX_NAME_CHARS
from backsight.fields import (
    below,
    read_choice,
    read_flag,
    read_list,
    read_object,
    read_string,
    read_whole,
    refuse,
)
from backsight.reports.funnel.rules import MAX_EXCLUSIONS, MAX_STEPS, Between
from backsight.reports.sessions import SessionRule, read_session
from backsight.rules.steps import Step, parse_step

FIELDS: Final = ("order", "entry", "count", "session", "exclude", "exclude_mode", "hold")
ORDERS: Final = ("ordered", "strict", "any")
COUNTS: Final = ("persons", "sessions", "totals")
EXCLUDE_MODES: Final = ("attempt", "person")
MAX_HELD: Final = 3


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps, and what some of them, counted from 1, are besides."""

    steps: tuple[Step, ...]
    optional: tuple[int, ...]
    first_ever: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An event that ends an attempt between two steps."""

    step: Step
    between: Between


@dataclass(frozen=True, slots=True)
class Options:
    """How attempts are made."""

    order: str
    entry: str
    count: str
    session: SessionRule | None
    """What decides sessions, where they are counted and are not those that were captured."""
    exclusions: tuple[Exclusion, ...]
    exclude_mode: str
    hold: tuple[str, ...]


def parse_steps(value: object) -> Steps:
    """The steps of a funnel."""
    entries = read_list(value, "steps", MAX_STEPS)
    steps = tuple(parse_step(_plain(entry), f"steps[{index}]") for index, entry in enumerate(entries))
    optional = _marked(entries, "optional")
    for step in optional:
        if step in (1, len(entries)):
            refuse("an attempt begins with the first step and ends with the last.",
                   f"steps[{step - 1}].optional", True, "a step between them")  # fmt: skip
    return Steps(steps, optional, _marked(entries, "first_ever"))


def parse_options(fields: Mapping[str, object], steps: Steps) -> Options:
    """The options of a request."""
    order = read_choice(fields.get("order", "ordered"), "order", ORDERS)
    count = read_choice(fields.get("count", "persons"), "count", COUNTS)
    entry = fields.get("entry", "first" if count == "totals" else "any")
    options = Options(
        order,
        read_choice(entry, "entry", ("any", "first")),
        count,
        read_session(fields),
        _exclusions(fields.get("exclude", ()), steps),
        read_choice(fields.get("exclude_mode", "attempt"), "exclude_mode", EXCLUDE_MODES),
        _held(fields.get("hold", ())),
    )
    _check(options, steps, fields)
    return options


def _check(options: Options, steps: Steps, fields: Mapping[str, object]) -> None:
    """Refuse what makes no sense together."""
    if options.session is not None and options.count != "sessions":
        refuse("no sessions are counted.", "session", fields["session"], 'a request with "count": "sessions"')
    if options.order == "any" and options.exclusions:
        refuse("steps in any order have nothing between them.", "exclude", fields["exclude"],
               'the order "ordered" or "strict"')  # fmt: skip
    if options.order == "any" and steps.optional:
        refuse("in any order every step may be left out.", f"steps[{steps.optional[0] - 1}].optional", True,
               'the order "ordered" or "strict"')  # fmt: skip
    if options.count == "totals" and options.order == "any":
        refuse("attempts one after another need an order.", "count", "totals", '"persons" or "sessions"')
    if options.count == "totals" and options.entry == "any":
        refuse("of attempts one after another each begins with the first event that can.", "entry", "any",
               '"first"')  # fmt: skip


def _plain(entry: object) -> object:
    """A step without what only a funnel's has."""
    if not isinstance(entry, Mapping):
        return entry
    return {key: value for key, value in entry.items() if key not in ("optional", "first_ever")}


def _marked(entries: Sequence[object], key: str) -> tuple[int, ...]:
    """The steps, counted from 1, for which a flag is set."""
    return tuple(
        number
        for number, entry in enumerate(entries, 1)
        if isinstance(entry, Mapping)
        and entry.get(key) is not None
        and read_flag(entry[key], f"steps[{number - 1}].{key}")
    )


def _exclusions(value: object, steps: Steps) -> tuple[Exclusion, ...]:
    entries = read_list(value, "exclude", MAX_EXCLUSIONS, shortest=0)
    if entries and len(steps.steps) == 1:
        refuse(
            "one step has nothing between it and the next.", "exclude", value, "a funnel of two steps or more"
        )
    return tuple(_exclusion(entry, f"exclude[{index}]", steps) for index, entry in enumerate(entries))


def _exclusion(value: object, field: str, steps: Steps) -> Exclusion:
    entry = read_object(value, field, ("event", "after", "before"))
    if entry.get("event") is None:
        refuse("the event is missing.", below(field, "event"), None, "a named event or a rule")
    last = len(steps.steps)
    after = read_whole(entry.get("after", 1), below(field, "after"), 1, last - 1)
    before = read_whole(entry.get("before", last), below(field, "before"), after + 1, last)
    for key, step in (("after", after), ("before", before)):
        if step in steps.optional:
            refuse("the step may be left out.", below(field, key), step, "a step that is not optional")
    return Exclusion(parse_step(entry["event"], below(field, "event")), Between(after, before))


def _held(value: object) -> tuple[str, ...]:
    entries = read_list(value, "hold", MAX_HELD, shortest=0)
    names = tuple(read_string(entry, f"hold[{index}]", MAX_NAME_CHARS) for index, entry in enumerate(entries))
    for index, name in enumerate(names):
        if name in names[:index]:
            refuse("the property is named twice.", f"hold[{index}]", name, "each property once")
    return names
