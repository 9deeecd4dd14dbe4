"""The rows behind a preview: all events that the rules match.

{…a preview's request…, "difference": "gained" | "lost"}

With `against`, `gained` are the events that the rules match and those that stand do not, `lost` the reverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from backsight.fields import read_choice, refuse
from backsight.reports.behind.sources import Matching
from backsight.reports.preview import parse
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.periods import cover

FIELDS: Final = ("difference",)
OWN: Final = pa.schema([])


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Matching:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    span, warnings = cover(asked.common.range, "day", context)
    against = asked.against
    if "difference" not in own or against is None:
        if "difference" in own:
            refuse("nothing is compared.", "difference", own["difference"], "a request with 'against'")
        return Matching(context, OWN, (), warnings, asked.common, asked.step, "rules", span)
    gained = read_choice(own["difference"], "difference", ("gained", "lost")) == "gained"

    def test(conditions: Conditions) -> str:
        matches, stood = conditions.step(asked.step, "rules"), conditions.step(against, "against")
        wanted, unwanted = (matches, stood) if gained else (stood, matches)
        return f"({wanted} and not {unwanted})"

    return Matching(
        context, OWN, (), warnings, asked.common, asked.step, "rules", span, test=test, others=[against]
    )
