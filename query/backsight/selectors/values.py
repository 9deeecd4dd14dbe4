"""Attribute values: which of a column of distinct strings pass a test, as CSS compares them."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.selectors.ids import Mask

WHITE_SPACE: Final = " \t\n\f\r"
"""What separates the words of an attribute: ASCII white space, and nothing else."""


class Values:
    """Distinct attribute values; every test answers with one truth per value."""

    def __init__(self, strings: pa.StringArray) -> None:
        self.strings = strings

    def test(self, operator: str, wanted: str, *, ignore_case: bool) -> Mask:
        """Which values pass `[attribute operator wanted]`; ignoring case means that of ASCII letters."""
        source = self.lower if ignore_case else self
        wanted = _lower(wanted) if ignore_case else wanted
        if operator == "~=":
            return source.words(wanted)
        if operator == "=":
            return _mask(pc.equal(source.strings, wanted))
        if operator == "|=":
            either = pc.or_(pc.equal(source.strings, wanted), pc.starts_with(source.strings, wanted + "-"))
            return _mask(either)
        if not wanted:  # an empty string is part of no value, say the Selectors standard and every browser
            return np.zeros(len(self.strings), np.bool_)
        return _mask(_SUBSTRING[operator](source.strings, wanted))

    @cached_property
    def lower(self) -> Values:
        """The same values with ASCII letters in lower case."""
        return Values(pc.ascii_lower(self.strings))

    def words(self, wanted: str) -> Mask:
        """Which values have the word among those separated by white space."""
        if not wanted or any(space in wanted for space in WHITE_SPACE):
            return np.zeros(len(self.strings), np.bool_)
        return _mask(pc.match_substring(self._spaced, f" {wanted} "))

    @cached_property
    def _spaced(self) -> pa.StringArray:
        """The values with a space before and after every word: a word is then found as a substring."""
        strings = self.strings
        for space in WHITE_SPACE[1:]:
            strings = pc.replace_substring(strings, space, " ")
        return pc.binary_join_element_wise(" ", strings, " ", "")


_SUBSTRING: Final = {"^=": pc.starts_with, "$=": pc.ends_with, "*=": pc.match_substring}


def _lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def _mask(array: pa.BooleanArray) -> Mask:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.bool_)
