"""The definer on the site's own pages: links to it, and what its token is good for."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import TEXT, Schema, full, nullable, obj
from backsight.contract import MAX_URL_CHARS
from backsight.definer_links import MINUTES, MOST_MINUTES

_INSTANT: Final[Schema] = {**TEXT, "format": "date-time"}

SCHEMAS: Final[dict[str, Schema]] = {
    "LinkRequest": obj(
        {
            "url": {
                **TEXT,
                "minLength": 1,
                "maxLength": MAX_URL_CHARS,
                "description": "A page of the site, http or https; what its fragment says is kept",
            },
            "minutes": {"type": "integer", "minimum": 1, "maximum": MOST_MINUTES, "default": MINUTES},
        },
        ("url",),
    ),
    "Link": full(
        {
            "url": {**TEXT, "description": "The page with the definer's token in its fragment"},
            "expires": _INSTANT,
        }
    ),
    "Definer": full(
        {
            "site": TEXT,
            "origin": nullable({**TEXT, "description": "Of the pages that may use the token; null of a key"}),
            "expires": nullable(_INSTANT),
        }
    ),
}
