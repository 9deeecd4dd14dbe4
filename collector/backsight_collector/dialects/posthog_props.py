"""Which of a PostHog event's properties are kept, and which say something about the person.

What the site's own code gave is kept as it is. Of what PostHog's libraries add to every event (names that
begin with `$`), only what nothing else of ours says: the rest stands in columns, is computed when asked, or
is about the library itself. `docs/how-to/from-posthog.md` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backsight.contract import MAX_NAME_CHARS, TRAITS_ONCE

Object = dict[str, Any]

KEPT: Final = frozenset(
    "$lib $lib_version $groups $group_type $group_key $group_set $feature_flag $feature_flag_response "
    "$screen_name $timezone $app_name $app_version $app_build $app_namespace $geoip_country_code "
    "$rageclick_count $copy_type $event_type $active_feature_flags".split()
)
"""Properties of PostHog's own that are kept under their names."""
KEPT_PREFIXES: Final = ("$feature/", "$survey_")
NO_AGENT: Final = frozenset("$os $os_name $os_version $browser $browser_version $device_type".split())
"""Kept where no user agent was sent that says the same, as of apps."""
TRANSPORT: Final = frozenset({"token", "distinct_id"})
"""Without `$`, and yet not the site's."""


def kept(props: Mapping[str, Any], *without: str) -> Object:
    """What is kept as `props`: nothing that is null, and nothing that this kind of event says otherwise."""
    names = KEPT if props.get("$raw_user_agent") else KEPT | NO_AGENT
    return {
        name: value
        for name, value in props.items()
        if value is not None and name not in without and _is_kept(name, names)
    }


def _is_kept(name: str, names: frozenset[str]) -> bool:
    if not name or len(name) > MAX_NAME_CHARS:
        return False
    if name.startswith("$"):
        return name in names or name.startswith(KEPT_PREFIXES)
    return name not in TRANSPORT


def traits_of(event: Mapping[str, Any], props: Mapping[str, Any]) -> Object:
    """What the event says about its person: `$set`, `$set_once` under TRAITS_ONCE, `$unset` as null.

    Names that begin with `$` are left out: PostHog's libraries add them (the browser, the first address), and
    reports compute them from the events themselves.
    """
    said = _own(_object(props.get("$set")) | _object(event.get("$set")))
    gone = [*_names(props.get("$unset")), *_names(event.get("$unset"))]
    traits: Object = {**dict.fromkeys(gone), **said}
    once = _own(_object(props.get("$set_once")) | _object(event.get("$set_once")))
    # posthog-js sends two dozen parameters of campaigns, most of which the address never had.
    if once := {name: value for name, value in once.items() if value is not None}:
        traits[TRAITS_ONCE] = once
    return traits


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    names = value if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str) and _is_own(name)]


def _own(said: Object) -> Object:
    return {name: value for name, value in said.items() if _is_own(name)}


def _is_own(name: str) -> bool:
    return bool(name) and not name.startswith("$") and len(name) <= MAX_NAME_CHARS
