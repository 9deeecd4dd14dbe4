"""JSON schemas of what the API takes and gives, for the OpenAPI document: a module a report.

Requests are checked by the parsers of `backsight.reports` and `backsight.rules`, whose messages say more than
a schema can; a test holds both against the same requests.
"""

from __future__ import annotations

from typing import Final

from backsight.api.schemas import (
    administration,
    answer,
    attribution,
    behind,
    breakdowns,
    cohorts,
    definer,
    definitions,
    deletions,
    doctor,
    events,
    funnel,
    lifecycle,
    live,
    paths,
    preview,
    properties,
    retention,
    rules,
    saved,
    sessions,
    signals,
    sql,
    timelines,
    trend,
)
from backsight.api.schemas.parts import Schema

SCHEMAS: Final[dict[str, Schema]] = {
    **administration.SCHEMAS,
    **answer.SCHEMAS,
    **attribution.SCHEMAS,
    **behind.SCHEMAS,
    **breakdowns.SCHEMAS,
    **cohorts.SCHEMAS,
    **definer.SCHEMAS,
    **definitions.SCHEMAS,
    **deletions.SCHEMAS,
    **doctor.SCHEMAS,
    **events.SCHEMAS,
    **funnel.SCHEMAS,
    **lifecycle.SCHEMAS,
    **live.SCHEMAS,
    **paths.SCHEMAS,
    **preview.SCHEMAS,
    **properties.SCHEMAS,
    **retention.SCHEMAS,
    **rules.SCHEMAS,
    **saved.SCHEMAS,
    **sessions.SCHEMAS,
    **signals.SCHEMAS,
    **sql.SCHEMAS,
    **timelines.SCHEMAS,
    **trend.SCHEMAS,
}
"""By name; each refers to others under `#/components/schemas/`."""
