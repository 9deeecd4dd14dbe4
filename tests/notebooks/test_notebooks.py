"""The example notebooks run over the demo's data, say what holds, and show what they say they show."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "notebooks"
DEVICES = 800


def module_at(path: Path) -> ModuleType:
    """A module that stands in no package."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


execute = module_at(EXAMPLES / "execute.py")
NAMES = [path.name for path in execute.notebooks()]


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Each notebook with its outputs; a cell that fails, fails here, with its error."""
    path = os.environ["PATH"]
    yield execute.executed(tmp_path_factory.mktemp("notebooks"), DEVICES)
    os.environ["PATH"] = path


@pytest.mark.parametrize("name", NAMES)
def test_each_runs(executed: dict[str, Any], name: str) -> None:
    """Every cell runs, each assertion in it holds, and nothing is said that a reader would have to ignore."""
    cells = [cell for cell in executed[name].cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    tables = [output for output in outputs if "<table" in output.get("data", {}).get("text/html", "")]
    assert len(tables) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_each_shows_charts(executed: dict[str, Any], name: str) -> None:
    """There are charts among what is shown, each with a text beside it for who sees none."""
    shown = [
        output.data for cell in executed[name].cells for output in cell.get("outputs", []) if "data" in output
    ]
    charts = [data for data in shown if "vega-lite" in data.get("text/html", "")]
    assert charts
    assert all(data["text/plain"] for data in charts)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_stored_without_outputs(name: str) -> None:
    """What is committed is what was written; outputs are of the reader's own run."""
    stored = nbformat.read(EXAMPLES / name, as_version=4)
    nbformat.validate(stored)
    assert stored.cells[0].source.startswith("# ")
    for cell in stored.cells:
        assert cell.cell_type == "markdown" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """Links between notebooks, and to the documentation, are to files that are there."""
    stored = nbformat.read(EXAMPLES / name, as_version=4)
    said = "\n".join(cell.source for cell in stored.cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\(([^)#]+)\)", said):
        assert (EXAMPLES / link).is_file(), link
