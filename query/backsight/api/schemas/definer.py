"""The definer on the site's own pages: links to it, and what its token is good for."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, NAME, TEXT, Schema, array, choice, full, nullable, obj, ref
from backsight.candidates import unnamed
from backsight.contract import ELEMENT_TYPES, MAX_BATCH_NODES, MAX_TEXT_CHARS, MAX_URL_CHARS, NAMESPACES
from backsight.definer_links import MINUTES, MOST_MINUTES

_INSTANT: Final[Schema] = {**TEXT, "format": "date-time"}
_SAID: Final[Schema] = {**TEXT, "maxLength": MAX_TEXT_CHARS}
_ATTRIBUTES: Final[Schema] = {"type": "object", "additionalProperties": nullable(TEXT)}
_INDEX: Final[Schema] = {"type": "integer", "minimum": 0, "exclusiveMaximum": MAX_BATCH_NODES}
_STABILITY: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}

LISTING: Final[Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": unnamed.MOST, "default": unnamed.LIMIT},
    "days": {
        "type": "integer",
        "minimum": 1,
        "maximum": unnamed.MOST_DAYS,
        "default": unnamed.DAYS,
        "description": "Up to now",
    },
}
"""What is asked of elements without a name."""

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
    "CandidatesRequest": obj(
        {
            "elements": array(
                obj({"tag": TEXT, "ns": choice(*NAMESPACES), "attrs": _ATTRIBUTES}, ("tag",)),
                maxItems=MAX_BATCH_NODES,
                description="As in a batch: docs/reference/wire.md",
            ),
            "nodes": array(
                {"type": "array", "items": {"type": ["integer", "null"]}, "minItems": 6, "maxItems": 7},
                minItems=1,
                maxItems=MAX_BATCH_NODES,
                description="All of the page, as far as it is known; a parent stands before its children",
            ),
            "node": {**_INDEX, "description": "The element that is held"},
            **dict.fromkeys(("text", "label", "target_text", "target_label"), _SAID),
            "href": {**TEXT, "maxLength": MAX_URL_CHARS},
            "texts": array(
                {"type": "array", "prefixItems": [_INDEX, _SAID], "items": False, "minItems": 2},
                maxItems=MAX_BATCH_NODES,
                description="What other buttons and links of the page say",
            ),
            "page": obj({"url": TEXT, "title": TEXT}),
            "on": choice(*sorted(kind.value for kind in ELEMENT_TYPES), default="click"),
        },
        ("elements", "nodes", "node"),
    ),
    "Candidates": full(
        {
            "candidates": array(
                full(
                    {
                        "rule": ref("Rule"),
                        "scope": choice("element", "row", "kind", "text"),
                        "words": TEXT,
                        "css": nullable(TEXT),
                        "on_page": nullable({**COUNT, "description": "Elements of the page that it matches"}),
                        "stability": _STABILITY,
                        "why": array(TEXT),
                    }
                )
            ),
            "left_out": array(full({"token": TEXT, "why": TEXT})),
            "meta": ref("Meta"),
        }
    ),
    "ElementsRequest": obj({**LISTING, "as_of": ref("AsOf")}),
    "Elements": full(
        {
            "elements": array(
                full(
                    {
                        "tag": TEXT,
                        "attributes": _ATTRIBUTES,
                        "text": nullable(TEXT),
                        "label": nullable(TEXT),
                        "events": COUNT,
                        "persons": COUNT,
                        "pages": array(full({"path": TEXT, "events": COUNT})),
                        "name": {**NAME, "description": "That would suit it"},
                        "rule": ref("Rule"),
                        "words": TEXT,
                        "stability": _STABILITY,
                    }
                )
            ),
            "meta": ref("Meta"),
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
