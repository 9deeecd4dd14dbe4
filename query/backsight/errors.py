"""Everything that Backsight raises on purpose.

    BacksightError
    ├── InvalidRequest          a question, rule or definition that can't be understood
    │   └── UnsupportedSelector a selector that depends on something that is not captured
    ├── NotFound                a name, site or table that does not exist
    ├── Gone                    an earlier version of the data that is not kept any more
    ├── Exceeded                a question that takes more time or memory than it may
    ├── Cancelled               a question that was called off while it ran
    ├── Refused                 the key may not do this
    ├── Conflict                a definition changed in between
    ├── ConfigurationError      a setting that stops the start
    ├── MissingExtra            an optional dependency that is not installed
    └── Unavailable             a server that can't be reached, is busy or failed

Each carries the `field` at fault, the `value` given, and what would be valid; the HTTP edge
turns them into RFC 9457 problem documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class BacksightError(Exception):
    """Root of all deliberate errors: `message`, `field` (a path such as `steps[0].css`), `value`, `valid`."""

    status = 500
    title = "Backsight error"

    def __init__(self, message: str, *, field: str = "", value: object = None, valid: str = "") -> None:
        self.message, self.field, self.value, self.valid = message, field, value, valid
        super().__init__(self._sentence())

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: where it was asked, and what is wrong; not how we found out.

        All of it is in `__traceback__`, as ever: `import traceback; traceback.print_exception(error)`.
        """
        from itertools import takewhile
        from pathlib import Path
        from traceback import extract_tb

        ours = Path(__file__).parent
        frames = takewhile(
            lambda each: ours not in Path(each.filename).parents, extract_tb(self.__traceback__)
        )
        asked = [each for each in frames if "IPython" not in Path(each.filename).parts]
        where = [f"{_told(Path(each.filename))}line {each.lineno}: {each.line}" for each in asked]
        return [*where, f"{type(self).__name__}: {self}"]

    def _sentence(self) -> str:
        where = f"{self.field}: " if self.field else ""
        said = self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."
        return f"{where}{said}" + (f" Valid: {self.valid}." if self.valid else "")


def _told(path: Path) -> str:
    """A file's name, in front of a line of it; of a cell nothing."""
    return f"{path.name}, " if path.is_file() else ""


class InvalidRequest(BacksightError):
    """The question itself is wrong; nothing was run or changed."""

    status = 400
    title = "Invalid request"


class UnsupportedSelector(InvalidRequest):
    """A CSS selector outside what a capture can answer; the message names the part and the reason."""

    title = "Unsupported selector"


class NotFound(BacksightError):
    """No such named event, site, report or person."""

    status = 404
    title = "Not found"


class Gone(BacksightError):
    """An earlier state was asked for, of which something was deleted since."""

    status = 410
    title = "Gone"


class Exceeded(BacksightError):
    """The answer would take more time or memory than a question may; the message says what takes less."""

    status = 503
    title = "Too much asked"


class Cancelled(BacksightError):
    """The question was called off while it ran, or the engine was closed."""

    status = 503
    title = "Cancelled"


class Refused(BacksightError):
    """No key, an unknown key, or one without the scope."""

    status = 403
    title = "Refused"


class Conflict(BacksightError):
    """The thing changed since it was read."""

    status = 409
    title = "Conflict"


class ConfigurationError(BacksightError):
    """A setting has a value that can't be used."""

    title = "Configuration error"


class MissingExtra(BacksightError):
    """What was asked for needs an optional dependency; the message says how to install it."""

    title = "Missing dependency"


class Unavailable(BacksightError):
    """The server can't be reached, is busy, or failed; the same question may be asked again."""

    status = 503
    title = "Unavailable"


def shown(value: object, limit: int = 80) -> str:
    """A value as it may stand in a message: quoted by repr, cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def nearest(value: object, known: Iterable[str], listed: int = 12) -> str:
    """What would be valid instead: the nearest of the known names first, then a few others."""
    names = sorted(known)
    close = get_close_matches(str(value), names, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(repr(name) for name in close)
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return ", ".join(repr(name) for name in names[:listed]) + more if names else "none exist yet"
