"""What a deployment may set: environment variables over a TOML file over defaults, read once.

`Config.load()` gives a frozen `Config`, or a ConfigurationError that names the variable (or the file's line),
the value and what would be valid. docs/reference/configuration.md is made from
`SETTINGS`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from backsight.contract import MAX_CONTEXTS, ORIGIN, SITE_NAME, SNIPPET, SNIPPET_PARTS
from backsight.errors import ConfigurationError, nearest, shown
from backsight.keys import SECRET_KEY, WRITE_KEY

PREFIX: Final = "BACKSIGHT_"
FILE_VARIABLE: Final = "BACKSIGHT_CONFIG"
DEFAULT_FILE: Final = "backsight.toml"
MAX_SCRIPT_PATH: Final = 200

Network = IPv4Network | IPv6Network
Parse = Callable[[object], Any]
"""Reads a value of the environment (text) or the file (TOML); ValueError where it can't be used."""


class Setting(NamedTuple):
    """One thing that may be set. Its name is the file's key; in capitals after `BACKSIGHT_`, the variable.

    A `secret` is never repeated in a message (a database's URL may hold a password).
    """

    name: str
    default: object
    parse: Parse
    valid: str
    meaning: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


# ── How values are read ─────────────────────────────────────────────────────────────────────────────────────


def _whole(low: int, high: int) -> Parse:
    def parse(value: object) -> int:
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value) else value
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError
        return number

    return parse


def _number(low: float, high: float) -> Parse:
    def parse(value: object) -> float:
        number = float(value) if isinstance(value, str) else value
        if not isinstance(number, int | float) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError
        return float(number)

    return parse


def _matching(pattern: str | re.Pattern[str]) -> Parse:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return parse


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value or "://" in value:
        raise ValueError
    return Path(value).expanduser()


def _url(value: object) -> str:
    if (
        not isinstance(value, str)
        or urlsplit(value).scheme not in {"http", "https"}
        or not urlsplit(value).netloc
    ):
        raise ValueError
    return value.rstrip("/")


def _origins(value: object) -> frozenset[str]:
    listed = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(map(_is_origin, listed)):
        raise ValueError
    return frozenset(listed)


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and bool(ORIGIN.fullmatch(value))


def _networks(value: object) -> tuple[Network, ...]:
    listed = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ValueError
    return tuple(ip_network(each) for each in listed)


def _database(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"sqlite:///[^?#\0]+", value):
        raise ValueError
    return value


def _script_path(value: object) -> str:
    path = _matching(r"(/(?!\.)[A-Za-z0-9._~-]+)+\.js")(value)
    if len(path) > MAX_SCRIPT_PATH or path.rpartition("/")[2] in SNIPPET_PARTS:
        raise ValueError
    return str(path)


# ── The settings ────────────────────────────────────────────────────────────────────────────────────────────

SETTINGS: Final = (
    Setting(
        "data", Path("backsight-data"), _path, "a local folder",
        "The folder that holds everything: lake, journal and database.",
    ),
    Setting(
        "site", None, _matching(SITE_NAME), "1 to 40 lower-case letters, digits and hyphens",
        "The site that the first start makes, else one called `main`; and the one that commands ask about, "
        "else the only one.",
    ),
    Setting(
        "host", "127.0.0.1", _matching(r"[0-9A-Za-z.:_-]{1,253}"), "an address or host name, such as 0.0.0.0",
        "The address to listen on.",
    ),
    Setting(
        "port", 8400, _whole(0, 65_535), "0 to 65535 (0: any free port)",
        "The port to listen on.",
    ),
    Setting(
        "write_key", None, _matching(WRITE_KEY), "wk_ and 8 to 64 letters, digits, - or _",
        "A write key that the site is to have; else one is made at the first start.",
    ),
    Setting(
        "secret_key", None, _matching(SECRET_KEY), "sk_ and 24 to 128 letters, digits, - or _",
        "A secret key that the site is to have, with every scope; else one is made at the first start. "
        "Commands that ask a server send it.",
        secret=True,
    ),
    Setting(
        "url", None, _url, "an http:// or https:// address",
        "The server that commands ask; else they read the data folder in place.",
    ),
    Setting(
        "database_url", None, _database, "sqlite:///PATH (the only database so far)",
        "Where sites, keys and named events are kept; else `backsight.sqlite` in the data folder.",
        secret=True,
    ),
    Setting(
        "origins", frozenset(), _origins,
        "origins such as https://shop.example, or https://*.shop.example for its subdomains, with commas",
        "Whose pages may send, whatever their key; all, unless set. Servers send no origin, and may.",
    ),
    Setting(
        "trusted_proxies", (), _networks,
        "addresses and networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas",
        "The reverse proxies in front of the server: of requests that come from them, and of no others, it "
        "is believed who asked them, and by which scheme.",
    ),
    Setting(
        "proxy_header", "x-forwarded-for", _matching("x-forwarded-for|forwarded"),
        "x-forwarded-for (with x-forwarded-proto) or forwarded",
        "In which header those proxies say so: that which they write themselves, since one that they pass on "
        "is their client's.",
    ),
    Setting(
        "script_path", f"/{SNIPPET}", _script_path,
        f"a path such as /st/site.js, of letters, digits and . _ ~ -; not named {' or '.join(SNIPPET_PARTS)}",
        f"Where the snippet is served besides `/{SNIPPET}`. What it asks for (its parts, the route of its "
        "batches and the API) stands in the same folder: all that a proxy need let through.",
    ),
    Setting(
        "events_per_second", None, _number(1, 1e9), "1 to 1000000000",
        "How many events one write key may send, on average; any number, unless set.",
    ),
    Setting(
        "commit_seconds", 1.0, _number(0.1, 60), "0.1 to 60",
        "How often the journal is folded into the lake, that is, how old a report's newest event may be.",
    ),
    Setting(
        "min_free", "500MB", _matching(r"[1-9][0-9]{0,5}(MB|GB)"), "a size such as 500MB or 4GB",
        "How much of the data folder's disk stays free (of a small one, a twentieth): with less, nothing is "
        "taken in until there is room again, so that what was taken in can be stored.",
    ),
    Setting(
        "contexts", MAX_CONTEXTS, _whole(1_000, 1_000_000_000), "1000 to 1000000000",
        "How many elements and nodes (elements in their context) one site may have, a fifth of them new "
        "within a day: whoever knows its write key can make them up. New ones past that are cut to the "
        "ancestors that are known.",
    ),
    Setting(
        "memory", "2GB", _matching(r"[1-9][0-9]{0,5}(MB|GB)"), "a size such as 512MB or 4GB",
        "The most memory that reports take together before they spill to disk (into the system's temporary "
        "folder, `TMPDIR`, of whose free space half at most); rows that they work on themselves take up to "
        "half as much again. A report that needs more is refused.",
    ),
    Setting(
        "query_seconds", 60.0, _number(0.1, 86_400), "0.1 to 86400",
        "How long a server computes one report, before it refuses it.",
    ),
    Setting(
        "snapshot_hours", 24, _whole(1, 8_760), "1 to 8760",
        "How long files that compaction replaced are kept, and so how old an answer may be that is asked for "
        "again (`as_of`).",
    ),
    Setting(
        "threads", None, _whole(1, 1_024), "1 to 1024",
        "How many threads reports run on; as many as there are processors, unless set.",
    ),
)  # fmt: skip
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}
_OPTIONS: Final = {"secret_key": "--key"}
"""Options of the command line that are not called like their settings."""


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
        values |= _from_file(environment.get(FILE_VARIABLE), folder or Path())
        values |= _from_environment(environment)
        values |= _from_options(options or {})
        return cls(**values)  # type: ignore[arg-type]  # each was read by its setting


# ── Where values come from ──────────────────────────────────────────────────────────────────────────────────


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    values = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE or not value:
            continue
        if variable not in _BY_VARIABLE:
            raise _unknown_variable(variable)
        setting = _BY_VARIABLE[variable]
        values[setting.name] = _read(setting, value, variable)
    return values


def _from_options(options: Mapping[str, object]) -> dict[str, object]:
    return {
        name: check_setting(name, value, _OPTIONS.get(name, f"--{name}"))
        for name, value in options.items()
        if value is not None
    }


def _from_file(named: str | None, folder: Path) -> dict[str, object]:
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
