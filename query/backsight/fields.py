"""Reading the fields of a question: plain JSON values in, checked values out, errors that name the path.

Everything here raises InvalidRequest with the field's path (`steps[1].where[0].op`), the value given and
what would be valid.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NoReturn

from backsight.errors import InvalidRequest, nearest, shown

MAX_LIST: Final = 1_000
"""Longest list in a question."""
MAX_STRING: Final = 4_096
"""Longest string in a question, in characters."""


def refuse(message: str, field: str, value: object = None, valid: str = "") -> NoReturn:
    """Raise InvalidRequest about a field."""
    raise InvalidRequest(message, field=field, value=value, valid=valid)


def below(field: str, key: str) -> str:
    """The path of a key of an object at `field`."""
    return f"{field}.{key}" if field else key


def read_object(value: object, field: str, known: Collection[str]) -> Mapping[str, object]:
    """An object all of whose keys are known."""
    if not isinstance(value, Mapping):
        refuse(f"{shown(value)} is not an object.", field, value, f"an object with {listing(known)}")
    for key in value:
        if key not in known:
            refuse(f"unknown field {shown(key)}.", below(field, str(key)), value[key], nearest(key, known))
    return value


def read_string(value: object, field: str, longest: int = MAX_STRING) -> str:
    """A string that is not empty, not too long, and can be encoded."""
    if not isinstance(value, str):
        refuse(f"{shown(value)} is not a string.", field, value, "a string")
    if not value:
        refuse("the string is empty.", field, value, f"1 to {longest:,} characters")
    return check_text(value, field, longest)


def check_text(value: str, field: str, longest: int = MAX_STRING) -> str:
    """The string itself, refused where it is too long or holds half a surrogate pair."""
    if len(value) > longest:
        refuse(f"the string has {len(value):,} characters.", field, value, f"at most {longest:,} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        refuse(f"{shown(value)} holds half a surrogate pair.", field, value, "well-formed Unicode")
    return value


def read_choice(value: object, field: str, choices: Collection[str]) -> str:
    """One of a closed list of words."""
    if not isinstance(value, str) or value not in choices:
        refuse(f"{shown(value)} is not known here.", field, value, nearest(value, choices))
    return value


def read_list(value: object, field: str, longest: int = MAX_LIST, shortest: int = 1) -> Sequence[object]:
    """A list within bounds."""
    if not isinstance(value, (list, tuple)):
        refuse(f"{shown(value)} is not a list.", field, value, "a list")
    if not shortest <= len(value) <= longest:
        refuse(f"the list has {len(value):,} entries.", field, value, f"{shortest} to {longest:,} entries")
    return value


def read_whole(value: object, field: str, least: int, most: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse(f"{shown(value)} is not a whole number.", field, value, f"{least} to {most:,}")
    if not least <= value <= most:
        refuse(f"{value} is out of range.", field, value, f"{least} to {most:,}")
    return value


def read_flag(value: object, field: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        refuse(f"{shown(value)} is neither true nor false.", field, value, "true or false")
    return value


def listing(names: Collection[str]) -> str:
    """Names as they stand in a message."""
    return ", ".join(repr(name) for name in sorted(set(names)))
