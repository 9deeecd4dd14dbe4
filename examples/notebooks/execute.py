"""Runs the example notebooks over the demo's data, and writes them with their outputs:

    python examples/notebooks/execute.py OUT [--devices 3000]

All in one kernel, one after the other, in a folder of their own. An error in a cell ends it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from backsight.demo import open_demo

FOLDER = Path(__file__).parent
NEXT = "%reset -f\n%unload_ext backsight"
"""Between two notebooks: the next one begins with nothing."""


def notebooks() -> list[Path]:
    """The notebooks, in the order in which they are read."""
    return sorted(FOLDER.glob("*.ipynb"))


def executed(folder: Path, devices: int) -> dict[str, nbformat.NotebookNode]:
    """Each notebook by its name, with outputs; the demo's data are made in `folder`."""
    open_demo(folder / "demo-data", devices).close()
    read = {path.name: nbformat.read(path, as_version=4) for path in notebooks()}
    first = next(iter(read.values()))
    together = nbformat.v4.new_notebook(metadata=first.metadata)
    for notebook in read.values():
        together.cells += [*notebook.cells, nbformat.v4.new_code_cell(NEXT)]
    # The command line of this very installation is what cells with a `!` find.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    NotebookClient(together, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return read


def main() -> None:
    """Writes them to a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--devices", type=int, default=3_000)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix="backsight-notebooks-")
    try:
        for name, notebook in executed(Path(scratch), asked.devices).items():
            nbformat.write(notebook, asked.out / name)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
