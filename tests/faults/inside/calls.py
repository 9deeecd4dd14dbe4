"""Calls of the system that make something durable, or take it away, on their way through Python's `os`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.inside.durable import Recorder
from faults.inside.moments import Ambush


def watch(ambush: Ambush, recorder: Recorder | None) -> None:
    """Every such call passes by `ambush`; syncs become durable with `recorder`, where there is one."""
    for name in ("fsync", "fdatasync"):
        real = recorder.sync if recorder else getattr(os, name)
        setattr(os, name, _watched(name, real, ambush))
    for name in ("rename", "replace", "unlink"):
        setattr(os, name, _watched(name, getattr(os, name), ambush))
    os.write = _watched_write(os.write, ambush)


def _watched(name: str, real: Callable[..., Any], ambush: Ambush) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        path = _path(arguments[-1])  # of a rename, where to
        ambush.before(name, path)
        result = real(*arguments, **options)
        ambush.after(name, path)
        return result

    return call


def _watched_write(real: Callable[[int, Any], int], ambush: Ambush) -> Callable[[int, Any], int]:
    def write(descriptor: int, data: Any) -> int:
        if not ambush.is_laid:
            return real(descriptor, data)
        path = _path(descriptor)
        ambush.before("write", path, halfway=lambda: real(descriptor, memoryview(data)[: len(data) // 2]))
        written = real(descriptor, data)
        ambush.after("write", path)
        return written

    return write


def _path(target: Any) -> str:
    return str(Path(f"/proc/self/fd/{target}").readlink()) if isinstance(target, int) else os.fspath(target)
