"""A chart as HTML that draws itself, in the reader's theme and as wide as there is room."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2s
from importlib.resources import files
from typing import Final

from backsight.charts.parts import Spec
from backsight.charts.themes import THEMES

LIBRARIES: Final = (
    (
        "vega",
        "https://cdn.jsdelivr.net/npm/vega@6.4.0/build/vega.min.js",
        "sha384-VKdcJr3ZaBIJMbVcopTAI/JEuUkSY6qnwVu9iLuw0DnQ9gQ1JjsfZJhXFQAgNi43",
    ),
    (
        "vega-lite",
        "https://cdn.jsdelivr.net/npm/vega-lite@6.5.0/build/vega-lite.min.js",
        "sha384-pV2l7nzmyxZh02knvUH7N8zvtyCYsYiGt+SsE/emG/dFiBI6G0YJZFZ2FzEX72P3",
    ),
    (
        "vega-embed",
        "https://cdn.jsdelivr.net/npm/vega-embed@7.1.0/build/vega-embed.min.js",
        "sha384-giTAWqsEDsWuWzWKi6NCvjgwi160SClnTYYXWPLuy/DnaQTqmk4soinrpxcCS4dx",
    ),
)
"""What draws: name, address and digest. A browser runs none of them whose digest is another."""


def html(spec: Spec) -> str:
    """The chart; a page may hold any number of them, the same one twice, too.

    Its text is the same for the same chart, so that a notebook that was run again has not changed.
    """
    # No text from the web can end the script or begin a comment in it.
    told = [json.dumps(each).replace("<", "\\u003c") for each in (spec, THEMES, LIBRARIES)]
    name = f"backsight-{blake2s(told[0].encode(), digest_size=8).hexdigest()}"
    place = f'<div class="{name}" style="width: 100%; overflow-x: auto"></div>'
    return f'{place}<script>{_script()}("{name}", {", ".join(told)})</script>'


@cache
def _script() -> str:
    return files("backsight.charts").joinpath("notebook.js").read_text("utf-8").strip()
