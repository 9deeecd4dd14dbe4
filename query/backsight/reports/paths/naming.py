"""How values become the names of nodes: parts of them are rewritten, then they are grouped.

"rewrite": [{"matches": "/$", "as": ""}], "groups": ["/product/*", {"like": "/blog/*", "as": "Blog"}]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import MAX_NAME_CHARS
from backsight.errors import InvalidRequest
from backsight.fields import below, check_text, read_list, read_object, read_string, refuse
from backsight.rules.predicates import MAX_PATTERN
from backsight.runs import check

MAX_RENAMINGS: Final = 100
PIECE_BYTES: Final = 2**18
MOST_BYTES: Final = 4 * PIECE_BYTES
"""Values are rewritten in pieces, lest rewrites that make them longer and longer take all memory: a piece of
PIECE_BYTES may become MOST_BYTES.
"""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replaces every part of a value that an RE2 expression matches; `\\1` stands for its first group."""

    matches: str
    by: str


@dataclass(frozen=True, slots=True)
class Group:
    """Values that are wholly like a pattern, in which only `*` means something: anything."""

    like: str
    name: str


@dataclass(frozen=True, slots=True)
class Naming:
    """How values become names: all rewrites in their order, then the first group that fits."""

    rewrites: tuple[Rewrite, ...] = ()
    groups: tuple[Group, ...] = ()

    def names(self, values: pa.StringArray) -> pa.StringArray:
        """The name of each value."""
        named = values = self._rewritten(values) if self.rewrites else values
        for group in reversed(self.groups):
            named = pc.if_else(pc.match_like(values, _like(group.like)), group.name, named)
        return named

    def _rewritten(self, values: pa.StringArray) -> pa.StringArray:
        pieces = []
        for piece in _pieces(values):
            check()
            written = piece
            for number, rewrite in enumerate(self.rewrites):
                written = pc.replace_substring_regex(written, rewrite.matches, rewrite.by)
                if written.nbytes > MOST_BYTES:
                    refuse("values get too long.", f"rewrite[{number}]", rewrite.matches,
                           "rewrites that make values shorter")  # fmt: skip
            pieces.append(written)
        return pa.concat_arrays(pieces)


def parse_naming(fields: Mapping[str, object]) -> Naming:
    """The `rewrite` and `groups` of a request."""
    rewrites = read_list(fields.get("rewrite", ()), "rewrite", MAX_RENAMINGS, 0)
    groups = read_list(fields.get("groups", ()), "groups", MAX_RENAMINGS, 0)
    return Naming(
        tuple(_parse_rewrite(each, f"rewrite[{index}]") for index, each in enumerate(rewrites)),
        tuple(_parse_group(each, f"groups[{index}]") for index, each in enumerate(groups)),
    )


def _parse_rewrite(value: object, field: str) -> Rewrite:
    entry = read_object(value, field, ("matches", "as"))
    matches = read_string(entry.get("matches"), below(field, "matches"), MAX_PATTERN)
    by = entry.get("as", "")
    if not isinstance(by, str):
        refuse("this is not a text.", below(field, "as"), by, "what to put there; '\\1' is the first group")
    rewrite = Rewrite(matches, check_text(by, below(field, "as"), MAX_NAME_CHARS))
    try:
        Naming((rewrite,)).names(pa.array(["x"]))
    except pa.ArrowInvalid as error:
        raise InvalidRequest(
            f"this can't be replaced: {error}", field=field, value=matches, valid="RE2 syntax; '\\1' to '\\9'"
        ) from None
    return rewrite


def _parse_group(value: object, field: str) -> Group:
    if isinstance(value, str):
        like = read_string(value, field, MAX_PATTERN)
        return Group(like, like)
    entry = read_object(value, field, ("like", "as"))
    like = read_string(entry.get("like"), below(field, "like"), MAX_PATTERN)
    name = read_string(entry["as"], below(field, "as"), MAX_NAME_CHARS) if "as" in entry else like
    return Group(like, name)


def _like(pattern: str) -> str:
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, "\\" + special)
    return pattern.replace("*", "%")


def _pieces(values: pa.StringArray) -> Iterator[pa.StringArray]:
    """The values, some PIECE_BYTES of them at a time; at least one piece."""
    ends = np.cumsum(pc.binary_length(values).to_numpy(zero_copy_only=False))
    cuts = np.flatnonzero(np.diff(ends // PIECE_BYTES)) + 1
    for low, high in pairwise([0, *cuts.tolist(), len(values)]):
        yield values[low:high]
