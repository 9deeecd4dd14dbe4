"""What is asked about events files: a plan, and its apply."""

from __future__ import annotations

from backsight.api.operation import Answer, Call


def plan_definitions(call: Call) -> Answer:
    """What an apply of a file would do."""
    return Answer(call.site.plan_definitions(call.body or {}))


def apply_definitions(call: Call) -> Answer:
    """A file is applied."""
    return Answer(call.site.apply_definitions(call.body or {}, call.principal.key_id))
