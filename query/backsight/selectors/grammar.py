"""From text to cssselect2's syntax tree, as strictly as a browser reads it.

cssselect2 is forgiving where browsers are not: it drops pseudo-elements inside `:not()`, reads nothing past
an attribute's flag, and gives up a whole `:is()` at its first bad branch. This module looks at the tokens
first and refuses what would slip through. It also bounds what a selector may cost before anything
recursive sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import tinycss2
from cssselect2.parser import SelectorError, parse

from backsight.errors import InvalidRequest, shown
from backsight.selectors.refusals import COMBINATORS, PSEUDO_CLASSES, refuse

MAX_CHARS: Final = 4_096
"""Longest selector, in characters."""
MAX_NESTING: Final = 8
"""Deepest nesting of brackets."""
MAX_SEPARATORS: Final = 400
"""Most white spaces, commas and combinators; bounds the parser's recursion."""

SYNTAX: Final = "CSS selector syntax"
LEGACY_PSEUDO_ELEMENTS: Final = frozenset({"before", "after", "first-line", "first-letter"})
_SEPARATORS: Final = frozenset({",", ">", "+", "~"})

Token = Any  # tinycss2 has no types


class Grammar:
    """Reads one selector; `field` is named in errors."""

    def __init__(self, css: str, field: str) -> None:
        self.css, self.field = css, field

    def read(self) -> list[Any]:
        """cssselect2's selectors. Raises InvalidRequest, or UnsupportedSelector for a known part."""
        if len(self.css) > MAX_CHARS:
            self.invalid(
                f"the selector has {len(self.css):,} characters", f"at most {MAX_CHARS:,} characters"
            )
        tokens = tinycss2.parse_component_value_list(self.css, skip_comments=True)
        self._bound(tokens)
        self._check(tokens)
        return self._parse(tokens)

    def _bound(self, tokens: Sequence[Token]) -> None:
        separators = 0
        for token, depth in _walk(tokens):
            separators += _separates(token)
            if depth > MAX_NESTING:
                self.invalid("brackets nest too deeply", f"at most {MAX_NESTING} levels")
            if separators > MAX_SEPARATORS:
                self.invalid("there are too many parts", f"at most {MAX_SEPARATORS} separators")

    def invalid(self, problem: str, valid: str = "") -> None:
        """Raise InvalidRequest about the selector."""
        raise InvalidRequest(f"{problem} in the selector {shown(self.css)}.",
                             field=self.field, value=self.css, valid=valid)  # fmt: skip

    def _parse(self, tokens: Sequence[Token]) -> list[Any]:
        try:
            return list(parse(tokens))
        except SelectorError as error:
            token, problem = (*error.args, "")[:2]
            self._misread(str(problem), _written(token))
        except AttributeError:  # cssselect2 looks at a token past the end
            self.invalid("unexpected end", SYNTAX)
        raise AssertionError("unreachable")

    def _misread(self, problem: str, written: str) -> None:
        """What the library says of the token at which it stopped, as people say it."""
        if not written:
            self.invalid(
                f"{problem.partition(', got')[0] or 'something was expected'} before the end", SYNTAX
            )
        quoted = f'; a value that is no word in quotes, such as [name="{written}"]'
        valid = SYNTAX + (quoted if problem.startswith("expected attribute value") else "")
        self.invalid(f"{problem or 'something unexpected'} at {written!r}", valid)

    def _check(self, tokens: Sequence[Token]) -> None:
        for index, token in enumerate(tokens):
            self._check_token(token, tokens[index + 1 : index + 3])

    def _check_token(self, token: Token, following: Sequence[Token]) -> None:
        if token.type == "error":
            self.invalid(f"{token.message}", SYNTAX)
        elif token.type == "literal" and token.value in COMBINATORS:
            refuse(token.value, COMBINATORS[token.value], self.field, self.css)
        elif token == ":":  # noqa: S105
            self._check_pseudo(following)
        elif token.type == "[] block":
            self._check_attribute(token)
        elif token.type == "function":
            self._check_function(token)

    def _check_pseudo(self, following: Sequence[Token]) -> None:
        first = following[0] if following else None
        if first == ":":
            name = _written(following[1]) if len(following) > 1 else ""
            refuse(f"::{name}", "pseudo-elements are not elements", self.field, self.css)
        if first is not None and first.type == "ident":
            self._check_pseudo_name(first.lower_value, f":{first.lower_value}")
        elif first is not None and first.type == "function":
            self._check_pseudo_name(first.lower_name, f":{first.lower_name}()")

    def _check_pseudo_name(self, name: str, written: str) -> None:
        if name in LEGACY_PSEUDO_ELEMENTS:
            refuse(written, "pseudo-elements are not elements", self.field, self.css)
        if name in PSEUDO_CLASSES:
            refuse(written, PSEUDO_CLASSES[name], self.field, self.css)

    def _check_attribute(self, block: Token) -> None:
        inside = [token for token in block.content if token.type != "whitespace"]
        operators = [
            index
            for index, token in enumerate(inside)
            if token.type == "literal" and token.value.endswith("=")
        ]
        if operators and len(inside) - operators[0] > 3:
            self.invalid(f"expected ], got {_written(inside[operators[0] + 3])!r}", SYNTAX)

    def _check_function(self, token: Token) -> None:
        if token.lower_name in ("is", "where", "not", "host"):
            self._check(token.arguments)
        if token.lower_name in ("is", "where") and any(t.type != "whitespace" for t in token.arguments):
            # A browser forgives a branch that it can't read; the rule would silently match less than it says.
            self._parse(token.arguments)
        if token.lower_name == "not":
            self._parse(token.arguments)


def _walk(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Every token with its depth, without recursion."""
    pending = [(token, 0) for token in tokens]
    while pending:
        token, depth = pending.pop()
        yield token, depth
        inside = getattr(token, "arguments", None) or getattr(token, "content", None) or ()
        pending.extend((each, depth + 1) for each in inside)


def _separates(token: Token) -> bool:
    return bool(token.type == "whitespace" or (token.type == "literal" and token.value in _SEPARATORS))


def _written(token: Token) -> str:
    return "" if token is None else str(token.serialize())
