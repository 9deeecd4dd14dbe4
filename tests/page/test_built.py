"""What the page is built from, and what it weighs."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "query" / "backsight" / "page" / "static"
LIMITS = {"page.js": 30, "page.css": 8, "charts.js": 280, "index.html": 1}
"""Kilobytes, as they travel."""


def test_the_page_is_small():
    """What is loaded at first is at most 30 KB of script; Vega comes when there is something to draw."""
    weights = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) / 1000 for name in LIMITS}
    assert {name: weight for name, weight in weights.items() if weight > LIMITS[name]} == {}


def test_the_page_makes_no_markup_or_code_of_texts():
    """Nothing of its own takes text for HTML, code or a style."""
    built = (STATIC / "page.js").read_text()
    banned = [
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "eval(",
        "new Function",
        "document.write",
        "localStorage.clear",
    ]
    assert [word for word in banned if word in built] == []
    assert not re.search(r"https?://(?!www\.w3\.org|YOUR-COLLECTOR)", built)


def test_charts_have_the_colours_of_the_library():
    """src/charts/themes.ts is what write_themes.py makes of backsight.charts.themes today."""
    spec = importlib.util.spec_from_file_location("write_themes", ROOT / "page" / "write_themes.py")
    assert spec
    assert spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert writer.TARGET.read_text() == writer.source()


def test_what_is_bundled_is_named_with_its_licence():
    """Exact versions at build time, no registry in the lock, and every licence beside the bundle."""
    package = json.loads((ROOT / "page" / "package.json").read_text())
    assert "dependencies" not in package
    assert all(version[0].isdigit() for version in package["devDependencies"].values())
    assert "resolved" not in (ROOT / "page" / "package-lock.json").read_text()
    notices = (STATIC / "licences.txt").read_text()
    bundled = ["vega-lite", "vega-view", "vega-interpreter", "d3-scale", "topojson-client"]
    assert [
        name for name in bundled if not re.search(rf"^{name} [\d.]+ \(.+\)$", notices, re.MULTILINE)
    ] == []
