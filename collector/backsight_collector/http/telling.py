"""What the collector says of itself, in a file that other processes may read: for the doctor.

`/metrics` has more, for machines; this is what somebody needs who asks why nothing arrives, and can't be had
from the lake, as nothing of it was kept.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Final

from backsight.contract import COLLECTOR_STATUS
from backsight_collector.http.metrics import Metrics

log = logging.getLogger(__name__)

TELL_SECONDS: Final = 10.0


async def keep_telling(metrics: Metrics, folder: Path, seconds: float = TELL_SECONDS) -> None:
    """Writes the file now and again until it is cancelled; what can't be written is tried again."""
    while True:
        told = json.dumps(metrics.told())
        try:
            await asyncio.to_thread(_replace, folder / COLLECTOR_STATUS, told)
        except OSError as error:
            log.warning("the collector's status can't be written: %s", error)
        await asyncio.sleep(seconds)


def _replace(path: Path, text: str) -> None:
    """Not synced: a new one follows within seconds."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text)
    draft.replace(path)
