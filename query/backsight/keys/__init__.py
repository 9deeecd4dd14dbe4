"""Keys: who may write to a site, who may ask about it or change it, and who may define events on its pages.

A write key (`wk_…`) stands in every page of the site and can only write, so it is kept as it is. A secret
key (`sk_…`) is 160 random bits; only its SHA-256 is kept (no slow hash: there is nothing to guess).
Nobody can be shown it a second time. A definer's token (`dt_…`) is kept alike, and opens to pages of one
origin what the definer needs; a link's token (`rt_…`) opens one saved report, and nothing else. A definer's
token ends by itself, as every key may.
"""

from __future__ import annotations

from backsight.keys.key import OF_LINKS, SCOPES, Key, NewKey, Principal
from backsight.keys.keys import Keys
from backsight.keys.live import LiveWriteKeys
from backsight.keys.making import DEFINER_TOKEN, LINK_TOKEN, SECRET_KEY, WRITE_KEY
from backsight.keys.requests import KeyRequests

__all__ = [
    "DEFINER_TOKEN",
    "LINK_TOKEN",
    "OF_LINKS",
    "SCOPES",
    "SECRET_KEY",
    "WRITE_KEY",
    "Key",
    "KeyRequests",
    "Keys",
    "LiveWriteKeys",
    "NewKey",
    "Principal",
]
