"""Where settings come from: the command line's options, the environment, a TOML file.

Each source gives the values that it sets, read; a ConfigurationError names the variable (or the file's line),
the value and what would be valid.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from backsight.config.settings import PREFIX, SETTINGS, Setting
from backsight.errors import ConfigurationError, nearest, shown

FILE_VARIABLE: Final = "BACKSIGHT_CONFIG"
DEFAULT_FILE: Final = "backsight.toml"
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}
_OPTIONS: Final = {"secret_key": "--key"}
"""Options of the command line that are not called like their settings."""


def from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """What variables set; an empty one sets nothing."""
    values = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE or not value:
            continue
        if variable not in _BY_VARIABLE:
            raise _unknown_variable(variable)
        setting = _BY_VARIABLE[variable]
        values[setting.name] = _read(setting, value, variable)
    return values


def from_options(options: Mapping[str, object]) -> dict[str, object]:
    """What options of the command line set; one of None sets nothing."""
    return {
        name: check_setting(name, value, _OPTIONS.get(name, f"--{name}"))
        for name, value in options.items()
        if value is not None
    }


def from_file(named: str | None, folder: Path) -> dict[str, object]:
    """What the named file sets, or the folder's `backsight.toml` where there is one."""
    path = Path(named) if named else folder / DEFAULT_FILE
    if not named and not path.exists():
        return {}
    text = _file_text(path)
    values = {}
    for key, value in _parsed_file(path, text).items():
        where = f"{path}{_line_of(key, text)}: {key}"
        if key not in _BY_NAME:
            raise _unknown_key(key, where)
        values[key] = _read(_BY_NAME[key], value, where)
    return values


def _file_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"can't read the configuration file {path}: {error}.",
            field=FILE_VARIABLE,
            value=str(path),
            valid="the path of a TOML file",
        ) from error


def _parsed_file(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"no TOML: {error}.", field=str(path), valid="lines such as port = 8400"
        ) from error


def _line_of(key: str, text: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*[\[\"']*{re.escape(key)}\b", line):
            return f":{number}"
    return ""


def check_setting(name: str, value: object, where: str) -> object:
    """The value as that setting takes it. Raises ConfigurationError about `where`."""
    return _read(_BY_NAME[name], value, where)


def _read(setting: Setting, value: object, where: str) -> object:
    try:
        return setting.parse(value)
    except ValueError:
        what = "this value" if setting.secret else shown(value)
        hint = _KUBERNETES if isinstance(value, str) and value.startswith("tcp://") else ""
        raise ConfigurationError(
            f"{what} can't be used{hint}.",
            field=where,
            value=None if setting.secret else value,
            valid=setting.valid,
        ) from None


_KUBERNETES: Final = (
    " (Kubernetes sets such variables for a Service called 'backsight': set enableServiceLinks to false)"
)


def _unknown_variable(variable: str) -> ConfigurationError:
    hint = _KUBERNETES if re.match(r"BACKSIGHT_(SERVICE|PORT)_", variable) else ""
    return ConfigurationError(
        f"there is no such setting{hint}.",
        field=variable,
        valid=nearest(variable, [*_BY_VARIABLE, FILE_VARIABLE], listed=20),
    )


def _unknown_key(key: str, where: str) -> ConfigurationError:
    return ConfigurationError(
        "there is no such setting.", field=where, valid=nearest(key, _BY_NAME, listed=20)
    )
