"""Personal data in texts, replaced as our own snippet does (snippet/src/masks.ts) before it sends anything.

Libraries of others send texts and attributes as they stand on the page, or mask less: what they call a button
must be the same text that our snippet makes of it, so that one rule holds of both.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from backsight.contract import MAX_ATTRIBUTE_CHARS, MAX_TEXT_CHARS

ENOUGH: Final = 4_000
"""Characters that are read of a text; masks need more than is kept."""

MAX_NUMBERS: Final = 16
_TOKEN: Final = re.compile(r"\beyJ[\w-]{8,}\.[\w.-]*", re.ASCII)
_LETTER: Final = r"[^\W\d_]"
_EMAIL: Final = re.compile(
    rf'("[^"]+"|[^\s@<>()\[\]{{}}",;:/?&=]{{1,64}})@(?!\dx\.)((?:{_LETTER}|[0-9-]){{1,63}}\.)+{_LETTER}'
    rf"(?:{_LETTER}|[0-9-])+"
)
_GAP: Final = "\\s.+\u00ad\u2000-\u2212-"
_NUMBER: Final = re.compile(
    rf"(?:^|\D)([0-9](?:[{_GAP}]{{0,3}}[0-9]){{12,18}}(?![0-9])"
    r"|(?<![A-Za-z0-9_])(?!rf)[a-z]{2}[0-9]{2}(?:[\s+]?[a-z0-9]){11,30}(?![A-Za-z0-9_]))",
    re.IGNORECASE,
)
_SSN: Final = re.compile(rf"(?<![A-Za-z0-9_])[0-9]{{3}}([{_GAP}])[0-9]{{2}}\1[0-9]{{4}}(?![A-Za-z0-9_])")
_ESCAPED: Final = re.compile("%([2-7][0-9A-Fa-f])")
_GROUPS: Final = re.compile(r"([0-9]{3,}[^0-9]+)*[0-9]+")
"""A card's groups have three digits or more, but for the last."""
_ISSUED: Final = re.compile("(4.{12}|3.{13}|(2[2-7]|[5-9]).{14})")
"""How issuers' numbers begin, and how long they are then at least."""
_SEPARATORS: Final = re.compile("[^A-Za-z0-9_]+")
_SHORTEST: Final = 13
_DOUBLED: Final = bytes.maketrans(b"0123456789", b"0246813579")
_LAST_GROUP: Final = re.compile(r"[^A-Za-z0-9_]*[A-Za-z0-9_]+\Z")
_DIGITS: Final = re.compile("[0-9]*.", re.DOTALL)
_HINTS: Final = re.compile(r"@|%40|eyJ|[0-9](?:[^0-9]{0,3}[0-9]){8}|[A-Za-z]{2}[0-9]{2}[A-Za-z0-9\s+]{11}")
_STRUCTURAL: Final = frozenset({"class", "id", "type", "role"})
"""What rules stand on; these values are never withheld."""


def tidy(text: str) -> str:
    """White space folded, masked, then cut: as texts of elements are kept."""
    return masked(" ".join(text[:ENOUGH].split()))[:MAX_TEXT_CHARS]


def attribute(name: str, value: str) -> str | None:
    """The value that is kept of an attribute; None where it is withheld."""
    if len(value) > MAX_ATTRIBUTE_CHARS:
        return None
    return value if name.lower() in _STRUCTURAL or masked(value) == value else None


def masked(text: str) -> str:
    """A text without personal data stays as it is."""
    text = text[:ENOUGH]
    if text.isascii() and not _HINTS.search(text):
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), unicodedata.normalize("NFKC", text))
    safe = _TOKEN.sub("[token]", plain)
    if "@" in safe:
        safe = _EMAIL.sub("[email]", safe)
    safe = _SSN.sub("[ssn]", _mask_numbers(safe))
    return text if safe == plain else safe


def _mask_numbers(text: str) -> str:
    """The longest run of groups that is a card or an IBAN, from each group on. Of a text with more than
    MAX_NUMBERS runs that look like either, the rest is left out: that is a table, or an attack."""
    parts: list[str] = []
    judged = 0
    while found := _NUMBER.search(text):
        if judged == MAX_NUMBERS:
            return "".join([*parts, text[: found.start(1)]])
        at = found.start(1)
        run, name = _judged(found[1]) if _may_be(found[1]) else ("", "")
        judged += _may_be(found[1])
        end = at + len(run or _DIGITS.match(text, at)[0])  # type: ignore[index]  # it matches nothing, too
        parts += [text[:at], name or text[at:end]]
        text = text[end:]
    return "".join([*parts, text])


def _may_be(run: str) -> bool:
    """Whether the run begins as a card or an IBAN does: with three digits, or two letters."""
    return run[:3].isdigit() or run[0].isalpha()


def _judged(run: str) -> tuple[str, str]:
    """As many of the run's first groups as are a card or an IBAN, and which; none, if none are."""
    while run:
        plain = _SEPARATORS.sub("", run)
        if len(plain) < _SHORTEST:
            break
        if plain[0].isalpha():
            name = "[iban]" if _is_iban(plain) else ""
        else:
            name = "[card]" if _ISSUED.match(plain) and _GROUPS.fullmatch(run) and _passes_luhn(plain) else ""
        if name:
            return run, name
        run = _LAST_GROUP.sub("", run)
    return "", ""


def _is_iban(plain: str) -> bool:
    """Country and check digits go to the end, letters count from 10, modulo 97 (ISO 13616)."""
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4] if letter != "_")
    return len(plain) > 14 and int(digits) % 97 == 1


def _passes_luhn(plain: str) -> bool:
    """From the end, every second digit is doubled, and its digits added."""
    digits = plain.encode()
    return (sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - 48 * len(digits)) % 10 == 0
