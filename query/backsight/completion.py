"""Names that are offered while somebody types a question in a notebook: `%load_ext backsight`.

Within the quotes of `site.funnel(["Vi` the names of events are offered, of `breakdown="` properties, of
`{"cohort": "` cohorts, and where an argument is one of a few words, those.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backsight.errors import BacksightError
from backsight.questions import Questions

MOST_CHARS: Final = 20_000
"""Of what stands before the cursor; in more, nothing is looked for."""
CALLED: Final = re.compile(r"([^\W\d]\w*)\.([^\W\d]\w*)\s*$")
KEY: Final = re.compile(r"""\s*["'](\w+)["']\s*:""")
KEYWORD: Final = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)")
TOKEN: Final = re.compile(r"""#[^\n]*|"{3}|'{3}|["'()\[\]{},]""")
END: Final = {quote: re.compile(rf"(?:[^{quote}\\\n]|\\.)*{quote}", re.DOTALL) for quote in "\"'"}
END_OF_LONG: Final = {quote: re.compile(rf"(?:[^\\]|\\.)*?{quote * 3}", re.DOTALL) for quote in "\"'"}
"""Of what stands within quotes, to their end."""
CHOICE: Final = re.compile(r"Literal\[([^\]]*)\]")

EVENTS: Final = frozenset(
    "steps series event start starts end around return_ return nodes exclude conversion touches did first "
    "define event delete_event history".split()
)
PROPERTIES: Final = frozenset("property by breakdown hold each".split())
COHORTS: Final = frozenset("cohort delete_cohort cohort_history freeze_cohort define_cohort".split())


@dataclass(frozen=True)
class Typed:
    """A text that is being typed, as an argument of a site's method."""

    site: str
    method: str
    word: str | int
    """The argument (its number, where it is unnamed), or the key of an object, that it is said for."""
    start: str
    """As much as is there of it."""
    quote: str


@dataclass
class _Bracket:
    kind: str
    opened: int
    segment: int
    """Where what stands after the last comma begins."""
    commas: int = 0


def typed(text: str) -> Typed | None:
    """What is being typed at the end of a piece of Python; None outside a text in a site's call."""
    if len(text) > MOST_CHARS:
        return None
    brackets, opened = _scan(text)
    if opened is None:
        return None
    begins, quote = opened
    word: str | None = None
    for bracket in reversed(brackets):
        said = text[bracket.segment : begins]
        if bracket.kind == "{" and word is None:
            key = KEY.match(said)
            if key is None:  # the key itself
                return None
            word = key[1]
        called = CALLED.search(text, 0, bracket.opened) if bracket.kind == "(" else None
        if called is not None:
            keyword = KEYWORD.match(said)
            argument = keyword[1] if keyword else bracket.commas
            return Typed(called[1], called[2], word or argument, text[begins + len(quote) :], quote)
    return None


def names_for(site: Questions, asked: Typed) -> Iterable[str]:
    """The names that may stand there."""
    method = getattr(type(site), asked.method, None)
    if not inspect.isfunction(method):
        return ()
    word, parameters = asked.word, list(inspect.signature(method).parameters.values())[1:]
    if isinstance(word, int):
        if word >= len(parameters):
            return ()
        word = parameters[word].name
    if word == "name":
        word = asked.method
    for words, names in _NAMES:
        if word in words:
            return names(site)
    return _choices(next((each for each in parameters if each.name == word), None))


def _choices(parameter: inspect.Parameter | None) -> Iterable[str]:
    choice = None if parameter is None else CHOICE.search(str(parameter.annotation))
    return () if choice is None else re.findall(r"""["'](\w+)["']""", choice[1])


def _operators(_: Questions) -> Iterable[str]:
    from backsight.rules.predicates import OPERATORS

    return OPERATORS


def _types(_: Questions) -> Iterable[str]:
    from backsight.contract import EventType

    return [*EventType, "any"]


def _measures(_: Questions) -> Iterable[str]:
    from backsight.reports.trend.measures import MEASURES

    return MEASURES


_NAMES: Final[tuple[tuple[frozenset[str], Callable[[Questions], Iterable[str]]], ...]] = (
    (EVENTS, list),
    (PROPERTIES, lambda site: site.properties.names()),
    (COHORTS, lambda site: [cohort.name for cohort in site.cohorts()]),
    (frozenset({"op"}), _operators),
    (frozenset({"on"}), _types),
    (frozenset({"measure"}), _measures),
)


def matches(text: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """What is typed at the end of a piece of Python, and the texts that may stand in its place."""
    asked = typed(text)
    site = None if asked is None else namespace.get(asked.site)
    if asked is None or not isinstance(site, Questions):
        return None
    try:
        names = [_quoted(name, asked.quote) for name in names_for(site, asked) if name.isprintable()]
    except BacksightError:  # nobody can read it while they type
        return None
    start = asked.start.casefold()
    return asked.start, [name for name in names if name.casefold().startswith(start)]


class Matcher:
    """What an IPython shell asks while somebody types."""

    matcher_identifier: Final = "backsight"
    matcher_api_version: Final = 2

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self.__qualname__ = "backsight"  # IPython looks for it, though it has an identifier

    def __call__(self, context: Any) -> dict[str, Any]:
        """The names that may stand at the cursor, and no others, where there are any."""
        from IPython.core.completer import SimpleCompletion

        above = context.full_text.split("\n")[: context.cursor_line]
        fragment, names = matches("\n".join([*above, context.text_until_cursor]), self._namespace) or ("", [])
        return {
            "completions": [SimpleCompletion(name, type="name") for name in names],
            "matched_fragment": fragment,
            "suppress": bool(names),
        }


def register(shell: Any) -> None:
    """Offers names in an IPython shell, from now on."""
    unregister(shell)
    shell.Completer.custom_matchers.append(Matcher(shell.user_ns))


def unregister(shell: Any) -> None:
    """Offers none any more."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if not isinstance(each, Matcher)]


def _quoted(name: str, quote: str) -> str:
    """A name as it stands between quotes."""
    return name.replace("\\", "\\\\").replace(quote[0], f"\\{quote[0]}")


def _scan(text: str) -> tuple[list[_Bracket], tuple[int, str] | None]:
    """The brackets that are open at the end of some Python, and where a text is, with its quote."""
    brackets: list[_Bracket] = []
    at = 0
    while (token := TOKEN.search(text, at)) is not None:
        found, at = token[0], token.end()
        if found[0] in "\"'":
            ended = (END_OF_LONG if len(found) == 3 else END)[found[0]].match(text, at)
            if ended is None:
                return brackets, (token.start(), found)
            at = ended.end()
        elif found in "([{":
            brackets.append(_Bracket(found, token.start(), at))
        elif found in ")]}":
            del brackets[-1:]
        elif found == "," and brackets:
            brackets[-1].segment = at
            brackets[-1].commas += 1
    return brackets, None
