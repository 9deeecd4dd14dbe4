"""What a data folder's first start makes: the site and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from backsight.config import Config
from backsight.keys import Keys
from backsight.sites import ensure_site
from backsight.store import Store

FIRST_SITE: Final = "main"
ACTOR: Final = "start"
"""Who made them, in the audit trail."""


@dataclass(frozen=True)
class Access:
    """How a site is reached: its write key, and its secret key where this start has made it."""

    site: str
    write_key: str
    new_secret: str | None


def ensure_access(store: Store, config: Config) -> Access:
    """The configured site and its keys, made where they are missing.

    A secret key is made only where the site never had one: one that was revoked is not replaced behind
    anybody's back. Raises Conflict where a configured key was revoked or belongs to another site.
    """
    keys, site = Keys(store), _ensured_site(store, config)
    return Access(site, _write_key(keys, site, config), _new_secret(keys, site, config))


def welcome(script: str, access: Access) -> str:
    """What to put on the site's pages, given the snippet's address; and a new secret key."""
    lines = [
        f"Site {access.site!r}: put this line into the <head> of its pages",
        f'  <script async src="{script}" data-key="{access.write_key}"></script>',
    ]
    if access.new_secret:
        lines += ["Secret key for asking, shown only now: keep it", f"  {access.new_secret}"]
    return "\n".join(lines)


def _ensured_site(store: Store, config: Config) -> str:
    """The configured site, else the oldest, else a new one."""
    known = sorted(store.sites(), key=lambda site: site.created)
    site = config.site or (known[0].name if known else FIRST_SITE)
    ensure_site(store, site, ACTOR)
    return site


def _write_key(keys: Keys, site: str, config: Config) -> str:
    if config.write_key:
        keys.ensure(site, config.write_key, ACTOR, "configured")
        return config.write_key
    now = datetime.now(UTC)
    live = [key.shown for key in keys.list(site) if key.shown and key.is_live(now)]
    return live[0] if live else keys.create_write(site, ACTOR, "first start").key


def _new_secret(keys: Keys, site: str, config: Config) -> str | None:
    if config.secret_key:
        keys.ensure(site, config.secret_key, ACTOR, "configured")
        return None
    if any(key.kind == "secret" for key in keys.list(site)):
        return None
    return keys.create_secret(site, ["admin"], ACTOR, "first start").key
