"""A chart as HTML that draws itself, in the reader's theme and as wide as there is room.

What draws it, the built-in page's own charts.js, comes along, packed (some 320 KB): a notebook needs no
network, asks nobody for anything, and is drawn years later as it was on the day.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from functools import cache
from hashlib import blake2s
from importlib.resources import files

from backsight.charts.parts import Spec


def html(spec: Spec) -> str:
    """The chart; a page may hold any number of them, the same one twice, too.

    Its text is the same for the same chart, so that a notebook that was run again has not changed.
    """
    # No text from the web can end the script or begin a comment in it.
    told = json.dumps(spec).replace("<", "\\u003c")
    name = f"backsight-{blake2s(told.encode(), digest_size=8).hexdigest()}"
    place = f'<div class="{name}" style="width: 100%; overflow-x: auto"></div>'
    return f'{place}<script>{_script()}("{name}", {told}, "{_packed()}")</script>'


@cache
def _script() -> str:
    return files("backsight.charts").joinpath("notebook.js").read_text("utf-8").strip()


@cache
def _packed() -> str:
    drawing = files("backsight.page").joinpath("static/charts.js").read_bytes()
    return b64encode(gzip.compress(drawing, mtime=0)).decode()
