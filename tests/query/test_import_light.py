"""`import backsight` is light: an analyst's notebook, a script and the command line start at once."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = [
    "duckdb",
    "polars",
    "fastapi",
    "starlette",
    "numpy",
    "deltalake",
    "pyarrow",
    "pandas",
    "altair",
    "httpx",
]

PROBE = """
import json, sys, time
began = time.perf_counter()
import backsight
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "modules": sorted(sys.modules), "names": backsight.__all__}))
"""


def probe() -> dict[str, object]:
    """What importing the package in a fresh interpreter does."""
    run = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    answer: dict[str, object] = json.loads(run.stdout)
    return answer


def test_nothing_heavy() -> None:
    """Importing the package loads no database, data frame or web server."""
    modules = probe()["modules"]
    assert isinstance(modules, list)
    assert [name for name in HEAVY if name in modules] == []
    assert [name for name in modules if name.startswith("backsight_collector")] == []


def test_at_once() -> None:
    """Importing the package takes less than 100 ms (the best of five: other work shares the machine)."""
    seconds = min(float(str(probe()["seconds"])) for _ in range(5))
    assert seconds < 0.1


def test_public_names() -> None:
    """The public list holds the two ways to a site and every deliberate error."""
    import backsight
    from backsight import errors

    raised = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    assert set(backsight.__all__) == {"connect", "open", "ready"} | raised
    assert all(hasattr(backsight, name) for name in backsight.__all__)
