"""What may be set: docs/reference/configuration.md is made from `SETTINGS`."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from backsight.config.values import (
    Parse,
    database,
    matching,
    networks,
    number,
    origins,
    path,
    script_path,
    url,
    whole,
)
from backsight.contract import MAX_CONTEXTS, SITE_NAME, SNIPPET, SNIPPET_PARTS
from backsight.keys import SECRET_KEY, WRITE_KEY

PREFIX: Final = "BACKSIGHT_"


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


SETTINGS: Final = (
    Setting(
        "data", Path("backsight-data"), path, "a local folder",
        "The folder that holds everything: lake, journal and database.",
    ),
    Setting(
        "site", None, matching(SITE_NAME), "1 to 40 lower-case letters, digits and hyphens",
        "The site that the first start makes, else one called `main`; and the one that commands ask about, "
        "else the only one.",
    ),
    Setting(
        "host", "127.0.0.1", matching(r"[0-9A-Za-z.:_-]{1,253}"), "an address or host name, such as 0.0.0.0",
        "The address to listen on.",
    ),
    Setting(
        "port", 8400, whole(0, 65_535), "0 to 65535 (0: any free port)",
        "The port to listen on.",
    ),
    Setting(
        "write_key", None, matching(WRITE_KEY), "wk_ and 8 to 64 letters, digits, - or _",
        "A write key that the site is to have; else one is made at the first start.",
    ),
    Setting(
        "secret_key", None, matching(SECRET_KEY), "sk_ and 24 to 128 letters, digits, - or _",
        "A secret key that the site is to have, with every scope; else one is made at the first start. "
        "Commands that ask a server send it.",
        secret=True,
    ),
    Setting(
        "url", None, url, "an http:// or https:// address",
        "The server that commands ask; else they read the data folder in place.",
    ),
    Setting(
        "database_url", None, database, "sqlite:///PATH (the only database so far)",
        "Where sites, keys and named events are kept; else `backsight.sqlite` in the data folder.",
        secret=True,
    ),
    Setting(
        "origins", frozenset(), origins,
        "origins such as https://shop.example, or https://*.shop.example for its subdomains, with commas",
        "Whose pages may send, whatever their key; all, unless set. Servers send no origin, and may.",
    ),
    Setting(
        "trusted_proxies", (), networks,
        "addresses and networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas",
        "The reverse proxies in front of the server: of requests that come from them, and of no others, it "
        "is believed who asked them, and by which scheme.",
    ),
    Setting(
        "proxy_header", "x-forwarded-for", matching("x-forwarded-for|forwarded"),
        "x-forwarded-for (with x-forwarded-proto) or forwarded",
        "In which header those proxies say so: that which they write themselves, since one that they pass on "
        "is their client's.",
    ),
    Setting(
        "script_path", f"/{SNIPPET}", script_path,
        f"a path such as /st/site.js, of letters, digits and . _ ~ -; not named {' or '.join(SNIPPET_PARTS)}",
        f"Where the snippet is served besides `/{SNIPPET}`. What it asks for (its parts, the route of its "
        "batches and the API) stands in the same folder: all that a proxy need let through.",
    ),
    Setting(
        "events_per_second", None, number(1, 1e9), "1 to 1000000000",
        "How many events one write key may send, on average; any number, unless set.",
    ),
    Setting(
        "device_events_per_second", 200.0, number(1, 1e9), "1 to 1000000000",
        "How many events one device may send by the snippet, on average, and ten times as many at once, so "
        "that one which sends without end holds up no other.",
    ),
    Setting(
        "commit_seconds", 1.0, number(0.1, 60), "0.1 to 60",
        "How often the journal is folded into the lake, that is, how old a report's newest event may be.",
    ),
    Setting(
        "min_free", "500MB", matching(r"[1-9][0-9]{0,5}(MB|GB)"), "a size such as 500MB or 4GB",
        "How much of the data folder's disk stays free, though never more than a twentieth of it: with less, "
        "nothing is taken in until there is room again, so that what was taken in can be stored.",
    ),
    Setting(
        "contexts", MAX_CONTEXTS, whole(1_000, 1_000_000_000), "1000 to 1000000000",
        "How many elements and nodes (elements in their context) one site may have, a fifth of them new "
        "within a day: whoever knows its write key can make them up. New ones past that are cut to the "
        "ancestors that are known.",
    ),
    Setting(
        "memory", "2GB", matching(r"[1-9][0-9]{0,5}(MB|GB)"), "a size such as 512MB or 4GB",
        "The most memory that reports take together before they spill to disk (into the system's temporary "
        "folder, `TMPDIR`, of whose free space half at most); rows that they work on themselves take up to "
        "half as much again. A report that needs more is refused.",
    ),
    Setting(
        "query_seconds", 60.0, number(0.1, 86_400), "0.1 to 86400",
        "How long a server computes one report, before it refuses it.",
    ),
    Setting(
        "snapshot_hours", 24, whole(1, 8_760), "1 to 8760",
        "How long files that compaction replaced are kept, and so how old an answer may be that is asked for "
        "again (`as_of`).",
    ),
    Setting(
        "threads", None, whole(1, 1_024), "1 to 1024",
        "How many threads reports run on; as many as there are processors, unless set.",
    ),
)  # fmt: skip
