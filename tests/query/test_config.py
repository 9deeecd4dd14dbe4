"""Configuration: what overrides what, and what stops the start."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from ipaddress import ip_network
from pathlib import Path

import pytest

from backsight.config import SETTINGS, Config
from backsight.errors import ConfigurationError

SECRET = "sk_" + "a" * 40


def load(folder: Path, file: str | None = None, **environment: str) -> Config:
    """The configuration of a folder with (perhaps) a file, under these variables only."""
    if file is not None:
        (folder / "backsight.toml").write_text(file, "utf-8")
    return Config.load(environment, folder=folder)


def test_defaults_need_nothing(tmp_path: Path) -> None:
    """With no file and no variable, everything has a value that works on one machine."""
    config = load(tmp_path)
    assert (config.data, config.host, config.port) == (Path("backsight-data"), "127.0.0.1", 8400)
    assert config.database == Path("backsight-data/backsight.sqlite")
    assert (config.site, config.write_key, config.secret_key, config.url) == (None, None, None, None)


def test_options_win_over_variables_over_the_file(tmp_path: Path) -> None:
    """A value is taken from the command line, else the environment, else the file, else the default."""
    (tmp_path / "backsight.toml").write_text('port = 1\nhost = "h1"\nsite = "s1"\n')
    environment = {"BACKSIGHT_PORT": "2", "BACKSIGHT_HOST": "h2", "OTHER": "x"}
    config = Config.load(environment, {"port": 3, "host": None}, tmp_path)
    assert (config.port, config.host, config.site, config.commit_seconds) == (3, "h2", "s1", 1.0)


def test_the_file_may_stand_elsewhere(tmp_path: Path) -> None:
    """BACKSIGHT_CONFIG names another file, which must then exist; the folder's own is not read."""
    (tmp_path / "other.toml").write_text("port = 9\n")
    config = load(tmp_path, 'host = "from the wrong file"', BACKSIGHT_CONFIG=str(tmp_path / "other.toml"))
    assert (config.port, config.host) == (9, "127.0.0.1")
    with pytest.raises(
        ConfigurationError, match=r"^BACKSIGHT_CONFIG: can't read the configuration file .*none\.toml"
    ):
        load(tmp_path, BACKSIGHT_CONFIG=str(tmp_path / "none.toml"))


def test_every_setting_can_come_from_a_variable(tmp_path: Path) -> None:
    """Text is read into the setting's own type."""
    config = load(
        tmp_path,
        BACKSIGHT_DATA="/srv/data", BACKSIGHT_SITE="shop", BACKSIGHT_HOST="0.0.0.0", BACKSIGHT_PORT="0",
        BACKSIGHT_WRITE_KEY="wk_12345678", BACKSIGHT_SECRET_KEY=SECRET, BACKSIGHT_URL="https://b.example/",
        BACKSIGHT_DATABASE_URL="sqlite:////var/b.sqlite", BACKSIGHT_EVENTS_PER_SECOND="500",
        BACKSIGHT_ORIGINS="https://a.example, http://localhost:3000", BACKSIGHT_COMMIT_SECONDS="2.5",
        BACKSIGHT_MEMORY="512MB", BACKSIGHT_QUERY_SECONDS="2.5", BACKSIGHT_SNAPSHOT_HOURS="48",
        BACKSIGHT_THREADS="3", BACKSIGHT_SCRIPT_PATH="/st/site.js", BACKSIGHT_MIN_FREE="4GB",
        BACKSIGHT_CONTEXTS="5000000", BACKSIGHT_DEVICE_EVENTS_PER_SECOND="50",
        BACKSIGHT_TRUSTED_PROXIES="127.0.0.1, fd00::/8", BACKSIGHT_PROXY_HEADER="forwarded",
    )  # fmt: skip
    assert config == Config(
        data=Path("/srv/data"), site="shop", host="0.0.0.0", port=0, write_key="wk_12345678",
        secret_key=SECRET, url="https://b.example", database_url="sqlite:////var/b.sqlite",
        origins=frozenset({"https://a.example", "http://localhost:3000"}), events_per_second=500.0,
        commit_seconds=2.5, memory="512MB", query_seconds=2.5, snapshot_hours=48, threads=3,
        script_path="/st/site.js", min_free="4GB", contexts=5_000_000,
            device_events_per_second=50.0,
        trusted_proxies=(ip_network("127.0.0.1/32"), ip_network("fd00::/8")), proxy_header="forwarded",
    )  # fmt: skip
    assert config.database == Path("/var/b.sqlite")
    assert config.min_free_bytes == 4_000_000_000


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_an_empty_variable_is_not_set(tmp_path: Path, setting: object) -> None:
    """`BACKSIGHT_X=` is what a compose file gives for a variable without a value: the default holds."""
    assert load(tmp_path, **{setting.variable: ""}) == load(tmp_path)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("variable", "value", "valid"),
    [
        ("PORT", "eighty", "0 to 65535"),
        ("PORT", "65536", "0 to 65535"),
        ("PORT", "-1", "0 to 65535"),
        ("PORT", "٨٤", "0 to 65535"),
        ("PORT", "9" * 5_000, "0 to 65535"),
        ("DATA", "s3://bucket/lake", "a local folder"),
        ("SITE", "My Site", "lower-case letters"),
        ("HOST", "127.0.0.1/24", "an address or host name"),
        ("WRITE_KEY", SECRET, "wk_ and 8 to 64"),
        ("URL", "backsight.example", "http:// or https://"),
        ("ORIGINS", "shop.example", "https://shop.example"),
        ("ORIGINS", "https://a.example/path", "https://shop.example"),
        ("ORIGINS", "https://*", "https://*.shop.example"),
        ("TRUSTED_PROXIES", "nginx", "127.0.0.1 or 10.0.0.0/8"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "127.0.0.1 or 10.0.0.0/8"),
        ("TRUSTED_PROXIES", "*", "127.0.0.1 or 10.0.0.0/8"),
        ("PROXY_HEADER", "X-Real-IP", "x-forwarded-for"),
        ("EVENTS_PER_SECOND", "0", "1 to"),
        ("COMMIT_SECONDS", "nan", "0.1 to 60"),
        ("COMMIT_SECONDS", "0", "0.1 to 60"),
        ("MEMORY", "lots", "512MB or 4GB"),
        ("THREADS", "0", "1 to 1024"),
        ("SCRIPT_PATH", "st/site.js", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st/site", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st/../site.js", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st//site.js", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st/définir.js", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st/site.js\n", "a path such as /st/site.js"),
        ("SCRIPT_PATH", f"/{'a' * 200}.js", "a path such as /st/site.js"),
        ("SCRIPT_PATH", "/st/definer.js", "not named definer.js or"),
    ],
)
def test_a_wrong_variable_stops_the_start_and_says_which(
    tmp_path: Path, variable: str, value: str, valid: str
) -> None:
    """The message names the variable, its value and what is valid."""
    with pytest.raises(ConfigurationError) as stopped:
        load(tmp_path, **{f"BACKSIGHT_{variable}": value})
    message = str(stopped.value)
    assert message.startswith(f"BACKSIGHT_{variable}: {value!r}"[:80])
    assert "Valid: " in message
    assert valid in message


def test_a_wrong_database_stops_the_start_without_its_password(tmp_path: Path) -> None:
    """A URL that may hold a password is not repeated in the message."""
    with pytest.raises(
        ConfigurationError, match=r"^BACKSIGHT_DATABASE_URL: this value .*sqlite:///PATH"
    ) as stopped:
        load(tmp_path, BACKSIGHT_DATABASE_URL="postgres://ada:hunter2@db/x")
    assert "hunter2" not in str(stopped.value)


def test_an_empty_option_is_no_folder(tmp_path: Path) -> None:
    """`--data "$UNSET"` does not mean the current folder."""
    with pytest.raises(ConfigurationError, match=r"^--data: ''"):
        Config.load({}, {"data": ""}, tmp_path)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("# ports\n\nport = true\n", r"backsight\.toml:3: port: True can't be used\. Valid: 0 to 65535"),
        ("port = 80.5", r"backsight\.toml:1: port: 80\.5"),
        ('site = "x"\ncommit_secs = 1', r"backsight\.toml:2: commit_secs: .* did you mean 'commit_seconds'"),
        ("[server]\nport = 80", r"backsight\.toml:1: server: there is no such setting"),
        ("port = 1\nhost =\n", r"backsight\.toml: no TOML: .*line 2.* Valid: lines such as port = 8400"),
    ],
)
def test_a_wrong_line_stops_the_start_and_says_which(tmp_path: Path, file: str, message: str) -> None:
    """The message names the file, the line, the key and what is valid."""
    with pytest.raises(ConfigurationError, match=message):
        load(tmp_path, file)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused with the file's name."""
    (tmp_path / "backsight.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"can't read the configuration file .*backsight\.toml"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("BACKSIGHT_PROT", "BACKSIGHT_PROT: there is no such setting. Valid: did you mean 'BACKSIGHT_PORT'"),
        ("BACKSIGHT_DATADIR", "did you mean 'BACKSIGHT_DATA'"),
        ("BACKSIGHT_PORT_8400_TCP", "enableServiceLinks"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest(tmp_path: Path, variable: str, message: str) -> None:
    """A slip of the pen in a variable's name does not silently leave the default."""
    with pytest.raises(ConfigurationError, match=message):
        load(tmp_path, **{variable: "8400"})


def test_a_port_that_kubernetes_sets_is_explained(tmp_path: Path) -> None:
    """A Service called backsight makes Kubernetes set BACKSIGHT_PORT; the message says how to stop that."""
    with pytest.raises(ConfigurationError, match="set enableServiceLinks to false"):
        load(tmp_path, BACKSIGHT_PORT="tcp://10.0.0.7:8400")


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    """Messages end up in logs: the one about a secret key does not hold it."""
    with pytest.raises(
        ConfigurationError, match=r"^BACKSIGHT_SECRET_KEY: this value can't be used"
    ) as stopped:
        load(tmp_path, BACKSIGHT_SECRET_KEY="hunter2")
    assert "hunter2" not in repr(stopped.value)
    assert stopped.value.value is None


def test_the_configuration_does_not_change_while_it_runs(tmp_path: Path) -> None:
    """It is read once and frozen."""
    config = load(tmp_path)
    with pytest.raises(FrozenInstanceError):
        config.port = 1  # type: ignore[misc]
