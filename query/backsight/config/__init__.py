"""What a deployment may set: environment variables over a TOML file over defaults, read once.

`Config.load()` gives a frozen `Config`, or a ConfigurationError that names the variable (or the file's line),
the value and what would be valid. docs/reference/configuration.md is made from `SETTINGS`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backsight.config.settings import SETTINGS, Setting
from backsight.config.sources import FILE_VARIABLE, check_setting, from_environment, from_file, from_options
from backsight.config.values import Network

__all__ = ["SETTINGS", "Config", "Setting", "check_setting"]


@dataclass(frozen=True)
class Config:
    """Every setting's value; see `SETTINGS` for what each means."""

    data: Path
    site: str | None
    host: str
    port: int
    write_key: str | None
    secret_key: str | None
    url: str | None
    database_url: str | None
    origins: frozenset[str]
    trusted_proxies: tuple[Network, ...]
    proxy_header: str
    script_path: str
    events_per_second: float | None
    device_events_per_second: float
    commit_seconds: float
    min_free: str
    contexts: int
    memory: str
    query_seconds: float
    snapshot_hours: int
    threads: int | None

    @property
    def database(self) -> Path:
        """The SQLite file of sites, keys and named events."""
        if self.database_url is None:
            return self.data / "backsight.sqlite"
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def min_free_bytes(self) -> int:
        """`min_free` as a number."""
        return int(self.min_free[:-2]) * {"MB": 10**6, "GB": 10**9}[self.min_free[-2:]]

    @classmethod
    def load(
        cls,
        environment: Mapping[str, str] | None = None,
        options: Mapping[str, object] | None = None,
        folder: Path | None = None,
    ) -> Config:
        """The settings: `options` (of a command line) over the environment over the file over defaults.

        The file is the one that `BACKSIGHT_CONFIG` names, else `backsight.toml` in `folder` (the current
        one), where there is one. An empty variable, like an option of None, counts as not set. Raises
        ConfigurationError for the first value that can't be used and for every name that is not a setting.
        """
        environment = os.environ if environment is None else environment
        values = {setting.name: setting.default for setting in SETTINGS}
        values |= from_file(environment.get(FILE_VARIABLE), folder or Path())
        values |= from_environment(environment)
        values |= from_options(options or {})
        return cls(**values)  # type: ignore[arg-type]  # each was read by its setting
