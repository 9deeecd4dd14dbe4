"""Folds the journal into the lake, about once a second, each acknowledged event exactly once.

A fold reads the records that the lake does not hold yet, appends their rows table by table, each append with
the journal's position, durable before the next begins, and only then lets the journal go. `events` comes
last: its position is the lake's. After any failure the committer forgets all it knows and begins anew from
the lake.
"""

from __future__ import annotations

from backsight_collector.committer.committer import Committer
from backsight_collector.committer.folding import FoldCounts
from backsight_collector.committer.settings import CommitterSettings

__all__ = ["Committer", "CommitterSettings", "FoldCounts"]
