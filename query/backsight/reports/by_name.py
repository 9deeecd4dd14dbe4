"""What answers each question that may be asked of a site, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Final

from backsight import candidates, doctor, repairs
from backsight.candidates import unnamed
from backsight.reports import (
    attribution,
    explain,
    funnel,
    lifecycle,
    live,
    membership,
    paths,
    preview,
    properties,
    retention,
    signals,
    stickiness,
    trend,
)
from backsight.reports.behind import BEHIND, Behind
from backsight.reports.funnel import people as funnel_persons
from backsight.reports.retention import persons as retention_persons

REPORTS: Final[Mapping[str, ModuleType | Behind]] = {
    "funnel": funnel,
    "funnel_persons": funnel_persons,
    "retention": retention,
    "retention_persons": retention_persons,
    "trend": trend,
    "lifecycle": lifecycle,
    "stickiness": stickiness,
    "paths": paths,
    "attribution": attribution,
    "signals": signals,
    "persons": explain,
    "preview": preview,
    "cohort_preview": membership,
    "activity": repairs,
    "candidates": candidates,
    "elements": unnamed,
    "doctor": doctor,
    "live": live,
    "properties": properties,
    **{f"{name}_events": behind for name, behind in BEHIND.items()},
}
