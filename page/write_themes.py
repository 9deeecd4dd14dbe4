"""Writes src/charts/themes.ts: the colours of charts are those of the Python library, in both themes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from backsight.charts.themes import DARK, LIGHT

TARGET: Final = Path(__file__).parent / "src" / "charts" / "themes.ts"


def source() -> str:
    """What the file says."""
    themes = json.dumps({"light": LIGHT, "dark": DARK}, indent=2)
    head = "// Written by write_themes.py, from backsight.charts.themes."
    return f"{head}\n\nexport const THEMES = {themes} as const;\n"


if __name__ == "__main__":
    TARGET.write_text(source())
