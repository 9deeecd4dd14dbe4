"""What the snippet is built from, and what it weighs."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "collector" / "backsight_collector" / "static" / "backsight.js"


def test_the_snippet_captures_what_the_contract_says():
    """src/contract.ts is what write_contract.py makes of backsight.contract today."""
    spec = importlib.util.spec_from_file_location("write_contract", ROOT / "snippet" / "write_contract.py")
    assert spec
    assert spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert writer.TARGET.read_text() == writer.source()


def test_the_snippet_is_small():
    """At most 6 KB as it travels, and nothing in it that a strict content security policy forbids."""
    built = BUILT.read_bytes()
    assert len(gzip.compress(built, 9)) <= 6 * 1024
    assert not any(banned in built for banned in (b"eval(", b"new Function", b"innerHTML", b"preventDefault"))


def test_the_snippet_depends_on_nothing():
    """No package at run time, exact versions at build time, and a lock file that names no registry."""
    package = json.loads((ROOT / "snippet" / "package.json").read_text())
    assert "dependencies" not in package
    assert all(version[0].isdigit() for version in package["devDependencies"].values())
    assert "http" not in (ROOT / "snippet" / "package-lock.json").read_text()
