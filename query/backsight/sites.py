"""Which sites there are. A site is one tracked property; every key, named event and row belongs to one."""

from __future__ import annotations

from datetime import UTC, datetime

from backsight.contract import SITE_NAME
from backsight.errors import Conflict, InvalidRequest, NotFound, nearest, shown
from backsight.store import AuditLine, Store, StoredSite


def check_site_name(name: str, field: str = "site") -> str:
    """The name itself; InvalidRequest where no site may be called so."""
    if not SITE_NAME.fullmatch(name):
        raise InvalidRequest(
            f"{shown(name)} can't be the name of a site.",
            field=field,
            value=name,
            valid="1 to 40 lower-case letters, digits and hyphens, not beginning with a hyphen",
        )
    return name


def create_site(store: Store, name: str, actor: str) -> None:
    """Makes a site known. Raises InvalidRequest for a bad name, Conflict where the site exists."""
    if not ensure_site(store, name, actor):
        raise Conflict(f"there is a site {shown(name)} already.", field="site", value=name)


def ensure_site(store: Store, name: str, actor: str) -> bool:
    """Makes a site known where it is not; True where it was not."""
    at = datetime.now(UTC)
    site = StoredSite(check_site_name(name), at)
    return store.add_site(site, AuditLine(at, actor, "site.create", name, name))


def require_site(store: Store, name: str) -> str:
    """The name itself; NotFound, with the nearest name, where there is no such site."""
    known = [site.name for site in store.sites()]
    if name not in known:
        raise NotFound(
            f"there is no site {shown(name)}.", field="site", value=name, valid=nearest(name, known)
        )
    return name
