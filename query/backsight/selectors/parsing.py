"""From text to a Selector: what the library read, turned into our own values, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from cssselect2 import parser as css
from tinycss2.nth import parse_nth

from backsight.contract import is_captured_attribute
from backsight.errors import nearest
from backsight.selectors.grammar import Grammar, _written
from backsight.selectors.refusals import PSEUDO_CLASSES, refuse
from backsight.selectors.syntax import (
    Attribute,
    Class,
    Combinator,
    Complex,
    Compound,
    Host,
    Id,
    Logical,
    NoNamespace,
    Position,
    Root,
    Selector,
    Simple,
    Tag,
)

MAX_COMPOUNDS: Final = 100
"""Most compound selectors in one selector, those inside `:is()` and `:not()` included."""

MAX_PLACE: Final = 1_000_000
"""Largest number in `:nth-child()`."""

_PLAIN: Final[dict[str, tuple[Simple, ...]]] = {
    "root": (Root(),),
    "host": (Host(),),
    "first-child": (Position(0, 1),),
    "last-child": (Position(0, 1, from_end=True),),
    "only-child": (Position(0, 1), Position(0, 1, from_end=True)),
    "first-of-type": (Position(0, 1, of_type=True),),
    "last-of-type": (Position(0, 1, of_type=True, from_end=True),),
    "only-of-type": (Position(0, 1, of_type=True), Position(0, 1, of_type=True, from_end=True)),
}
_NTH: Final = {
    "nth-child": (False, False),
    "nth-last-child": (False, True),
    "nth-of-type": (True, False),
    "nth-last-of-type": (True, True),
}
_LOGICAL: Final = ("is", "where", "not")


@lru_cache(maxsize=4_096)
def parse_selector(text: str, field: str = "css") -> Selector:
    """Read a selector list.

    Raises InvalidRequest where it is no CSS, and UnsupportedSelector, naming the part and the reason, where
    it depends on something that is not captured.
    """
    return _Reader(text, field).selector()


class _Reader:
    """Turns cssselect2's tree of one selector into ours."""

    def __init__(self, text: str, field: str) -> None:
        self.text, self.field, self.compounds = text, field, 0
        self.grammar = Grammar(text, field)

    def selector(self) -> Selector:
        branches = tuple(self._complex(tree.parsed_tree) for tree in self.grammar.read())
        return Selector(self.text, branches)

    def _refuse(self, part: str, reason: str) -> None:
        refuse(part, reason, self.field, self.text)

    def _complex(self, tree: Any) -> Complex:
        compounds: list[Compound] = []
        combinators: list[Combinator] = []
        while isinstance(tree, css.CombinedSelector):
            compounds.append(self._compound(tree.right))
            combinators.append(">" if tree.combinator == ">" else " ")
            tree = tree.left
        compounds.append(self._compound(tree))
        return Complex(tuple(reversed(compounds)), tuple(reversed(combinators)))

    def _compound(self, tree: Any) -> Compound:
        self.compounds += 1
        if self.compounds > MAX_COMPOUNDS:
            self.grammar.invalid("there are too many parts", f"at most {MAX_COMPOUNDS} compound selectors")
        return Compound(tuple(simple for part in tree.simple_selectors for simple in self._simples(part)))

    def _simples(self, part: Any) -> tuple[Simple, ...]:
        match part:
            case css.LocalNameSelector():
                return (Tag(part.lower_local_name),)
            case css.NamespaceSelector():
                return (NoNamespace(),)
            case css.IDSelector():
                return (Id(part.ident),)
            case css.ClassSelector():
                return (Class(part.class_name),)
            case css.AttributeSelector():
                return (self._attribute(part),)
            case css.PseudoClassSelector():
                return self._pseudo_class(part.name)
            case css.FunctionalPseudoClassSelector():
                return (self._function(part),)
            case css.NegationSelector():
                return (self._logical(part, negated=True),)
        return (self._logical(part, negated=False),)

    def _attribute(self, part: Any) -> Attribute:
        written = f"[{part.name}]"
        if part.namespace is None:
            self._refuse(f"[*|{part.name}]", "attributes in a namespace are not captured")
        if not is_captured_attribute(part.lower_name):
            self._refuse(written, "this attribute is not captured")
        if part.operator is None:
            return Attribute(part.lower_name)
        flag = {None: None, True: "s", False: "i"}[part.case_sensitive]
        return Attribute(part.lower_name, part.operator, part.value, flag)  # type: ignore[arg-type]

    def _pseudo_class(self, name: str) -> tuple[Simple, ...]:
        if name in _PLAIN:
            return _PLAIN[name]
        if name in (*_NTH, *_LOGICAL):
            self.grammar.invalid(f":{name} without parentheses", f":{name}(…)")
        return self._unknown(name, f":{name}")

    def _function(self, part: Any) -> Simple:
        if part.name in _NTH:
            return self._nth(part)
        if part.name == "host":
            return Host(self._host_argument(part.arguments))
        if part.name in _PLAIN:
            self.grammar.invalid(f":{part.name}() with parentheses", f":{part.name}")
        return self._unknown(part.name, f":{part.name}()")[0]

    def _unknown(self, name: str, written: str) -> tuple[Simple, ...]:
        known = nearest(name, [*_PLAIN, *_NTH, *_LOGICAL], listed=20)
        reason = PSEUDO_CLASSES.get(name, "no such pseudo-class is known")
        refuse(written, reason, self.field, self.text, known)

    def _nth(self, part: Any) -> Position:
        of_type, from_end = _NTH[part.name]
        try:
            parsed = parse_nth(part.arguments)
        except StopIteration:  # tinycss2 looks for what follows a lone "+"
            parsed = None
        if parsed is None:
            inside = "".join(_written(token) for token in part.arguments)
            if any(token.type == "ident" and token.lower_value == "of" for token in part.arguments):
                self._refuse(
                    f":{part.name}({inside})", "'of' depends on an element's siblings, which are not captured"
                )
            self.grammar.invalid(f":{part.name}({inside})", "An+B, odd, even or a number")
            raise AssertionError("unreachable")
        step, offset = parsed
        if max(abs(step), abs(offset)) > MAX_PLACE:  # browsers overflow, each in its own way
            self.grammar.invalid(f"a number beyond {MAX_PLACE:,}", f"at most {MAX_PLACE:,}")
        return Position(step, offset, of_type=of_type, from_end=from_end)

    def _host_argument(self, tokens: Any) -> Compound:
        trees = self.grammar._parse(tokens)
        if len(trees) != 1 or isinstance(trees[0].parsed_tree, css.CombinedSelector):
            self.grammar.invalid(":host() takes one compound selector", ":host(.name)")
        compound = self._compound(trees[0].parsed_tree)
        if any(branch.combinators for branch in _branches(compound)):
            self._refuse(":host()", "a selector inside it can't look at the host's ancestors")
        return compound

    def _logical(self, part: Any, *, negated: bool) -> Logical:
        branches = tuple(self._complex(each.parsed_tree) for each in part.selector_list)
        for branch in branches:
            if any(isinstance(simple, Host) for simple in branch.compounds[-1].simples):
                self._refuse(
                    ":host", "inside :is(), :where() and :not() it can only stand before a combinator"
                )
        return Logical(branches, negated)


def _branches(compound: Compound) -> Iterator[Complex]:
    """The complex selectors inside a compound's `:is()`, `:where()` and `:not()`, at any depth."""
    for simple in compound.simples:
        if isinstance(simple, Logical):
            for branch in simple.branches:
                yield branch
                for inner in branch.compounds:
                    yield from _branches(inner)
