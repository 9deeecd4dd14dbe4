"""What the lake raises by itself; deltalake's and the system's errors pass through.

LakeError
├── LakeLocked    another process writes to this lake
└── LakeDamaged   a table's log can't be read, and not only because of a crash
"""

from __future__ import annotations


class LakeError(Exception):
    """Root of what the lake raises."""


class LakeLocked(LakeError):
    """Another process is this lake's writer; the message names it."""


class LakeDamaged(LakeError):
    """A table's log can't be read; the message names the file and the way out."""
