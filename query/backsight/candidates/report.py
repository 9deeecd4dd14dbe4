"""Candidate rules for an element that somebody points at.

POST /v1/elements/candidates
{"elements": […], "nodes": […], "node": 12, "text": "Delete", …}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from backsight.candidates.held import Held
from backsight.candidates.request import Asked, parse
from backsight.candidates.scopes import Candidate, candidates_of, stability_of
from backsight.candidates.tokens import Token
from backsight.candidates.visits import query
from backsight.scan.context import Context

LEVELS_TOLD: Final = 4
"""Of the element and so many around it less one it is said what was left out."""
MOST_LEFT_OUT: Final = 20

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    return {**_answer(parse(request), context), "meta": context.meta()}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that counts the uses of the element's place, with its parameters."""
    held = Held(parse(request), context)
    return query([held.sought], context).text(context)


def for_page(request: Mapping[str, object]) -> Answer:
    """The candidates for a page that nothing was captured of: `candidates` and `left_out`, by looks alone."""
    return _answer(parse(request), None)


def _answer(asked: Asked, context: Context | None) -> Answer:
    held = Held(asked, context)
    found = candidates_of(held)
    said = {token for each in found if each.path is not None for token in each.path.tokens}
    return {"candidates": [_to_json(each, held) for each in found], "left_out": _left_out(held, said)}


def _to_json(candidate: Candidate, held: Held) -> Answer:
    return {
        "rule": candidate.rule(held.asked.on),
        "scope": candidate.scope,
        "words": candidate.words,
        "css": candidate.css,
        "on_page": None if candidate.on_page is None else int(candidate.on_page.sum()),
        "stability": round(stability_of(candidate, held), 3),
        "why": list(candidate.why),
    }


def _left_out(held: Held, said: Collection[Token]) -> list[dict[str, str]]:
    """What could have been said of the element and those next around it, and was not trusted."""
    tokens = dict.fromkeys(token for level in held.tokens[:LEVELS_TOLD] for token in level)
    judged = [(token, held.stability.of(token)) for token in tokens if token not in said]
    doubted = [(token, each) for token, each in judged if each.trust != "stable"]
    return [{"token": token.css, "why": each.why} for token, each in doubted[:MOST_LEFT_OUT]]
