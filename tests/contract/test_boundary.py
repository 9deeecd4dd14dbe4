"""The house's walls: who may import whom, and what the repository may not hold."""

from __future__ import annotations

import ast
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMPOSITION = ("cli", "demo")


def imported(path: Path) -> set[str]:
    """Absolute module names that a file imports, at any level of indentation."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_collector_knows_only_the_contract() -> None:
    """Nothing of the query layer but `backsight.contract` is imported by the collector."""
    for path in (ROOT / "collector").rglob("*.py"):
        known = {name for name in imported(path) if name.split(".")[0] == "backsight"}
        assert all(name.startswith("backsight.contract") or name == "backsight" for name in known), path
        assert "backsight" not in known or "backsight.contract" in known, path


def test_only_the_composition_knows_the_collector() -> None:
    """Within `backsight`, the command line and the demo alone put the two halves together."""
    package = ROOT / "query" / "backsight"
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] not in COMPOSITION:
            assert not any(name.startswith("backsight_collector") for name in imported(path)), path


def test_the_linter_bans_every_module_but_the_contract() -> None:
    """The collector's ruff settings name each module of the query layer: the wall shows while typing."""
    settings = tomllib.loads((ROOT / "collector" / "ruff.toml").read_text())
    banned = set(settings["lint"]["flake8-tidy-imports"]["banned-api"])
    package = ROOT / "query" / "backsight"
    modules = {p.stem for p in package.glob("*.py")} | {p.parent.name for p in package.glob("*/__init__.py")}
    assert banned == {f"backsight.{name}" for name in modules - {"__init__", "contract"}}


def tracked() -> list[Path]:
    """Files that git knows."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines()]


def without_funding(value: Any) -> Any:
    """A lock file's JSON without where its packages ask for money."""
    if isinstance(value, dict):
        return {key: without_funding(each) for key, each in value.items() if key != "funding"}
    return [without_funding(each) for each in value] if isinstance(value, list) else value


def test_no_file_records_a_registry() -> None:
    """Lock and constraint files name versions, never the address that they came from."""
    for path in tracked():
        if path.name == "constraints.txt":
            assert "://" not in path.read_text(), path
        if path.name == "package-lock.json":
            assert "://" not in json.dumps(without_funding(json.loads(path.read_text()))), path
