"""Sets constants of modules as they are imported, so that a second shows what else takes hours.

The value is put into the module's source: so defaults made of it follow.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any


def replace(file: Path) -> None:
    """`file` holds {module: {constant: value}}; a constant that a module lacks stops the process."""
    sys.meta_path.insert(0, _Finder(json.loads(file.read_text())))


class _Finder(MetaPathFinder):
    def __init__(self, values: dict[str, dict[str, Any]]) -> None:
        self._values = values

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self._values:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin:
            spec.loader = _Loader(name, spec.origin, self._values[name])
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, values: dict[str, Any]) -> None:
        super().__init__(name, path)
        self._values = values

    def get_code(self, fullname: str) -> Any:
        source = self.get_data(self.path).decode()
        for constant, value in self._values.items():
            source, found = re.subn(
                rf"(?m)^{constant}: Final = .*$", f"{constant}: Final = {value!r}", source
            )
            if found != 1:
                raise ImportError(f"{fullname} has no constant {constant}")
        return compile(source, self.path, "exec", dont_inherit=True)
