"""What can be asked of a site and named there, in Python: the methods that `bs.open` and `bs.connect` share.

Every method builds one request, the JSON that the HTTP API takes; a local and a remote site differ only in
where they take it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Union

from backsight.errors import BacksightError
from backsight.named_events import NamedEvent, check_name
from backsight.questions.administration import Administration
from backsight.questions.definitions import DefinitionQuestions
from backsight.questions.deletions import DeletionQuestions
from backsight.questions.funnels import FunnelQuestions
from backsight.questions.live import LiveQuestions
from backsight.questions.paths import PathQuestions
from backsight.questions.persons import PersonQuestions
from backsight.questions.properties import PropertyQuestions
from backsight.questions.retention import RetentionQuestions
from backsight.questions.saved import SavedQuestions
from backsight.questions.signals import SignalQuestions
from backsight.questions.sql import SqlQuestions
from backsight.questions.trends import TrendQuestions
from backsight.requests import Request, moments, rules_of, several, without_none

if TYPE_CHECKING:
    from backsight.definer_links import DefinerLink
    from backsight.results import Activity, Doctor, Elements, Preview, Result

Json = Mapping[str, Any]
Step = str | NamedEvent | Json
"""A named event or its name, `{"event", "where", "label"}`, or a rule with an optional `label`."""
AsOf = Union["Result", Json]
"""An earlier result, or its `meta`: the question is asked as of the moment at which that was answered."""
Moment = str | date | datetime
"""A date (`"2026-10-01"`), inclusive in the report's timezone, or an instant (RFC 3339, or an aware
datetime).
"""


class Questions(
    Administration,
    DefinitionQuestions,
    DeletionQuestions,
    FunnelQuestions,
    RetentionQuestions,
    TrendQuestions,
    LiveQuestions,
    PathQuestions,
    SignalQuestions,
    PersonQuestions,
    PropertyQuestions,
    SavedQuestions,
    SqlQuestions,
):
    """One site: its reports and its named events.

    All methods raise InvalidRequest (and UnsupportedSelector) for a question that can't be understood,
    NotFound for a name that does not exist and Refused where the key may not, naming the field, the value and
    what is valid.
    """

    site: str
    """The site's name."""
    progress: bool = True
    """Whether questions that take long show how far they are: in a notebook, or on a terminal's stderr."""

    # ── Reports ─────────────────────────────────────────────────────────────────────────────────────────────

    def preview(
        self,
        css: str | None = None,
        on: str | Sequence[str] | None = None,
        match: Literal["closest", "target"] | None = None,
        text: str | Json | None = None,
        page: str | Json | None = None,
        where: Json | Sequence[Json] | None = None,
        rules: Json | Sequence[Json] | None = None,
        *,
        against: Json | Sequence[Json] | None = None,
        from_: Moment | None = None,
        to: Moment | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        as_of: AsOf | None = None,
    ) -> Preview:
        """What a rule would match, before anything is saved: over all of history, or in a range of it.

        The rule's arguments are those of `define`. It is compared with `against`, a rule or several: what is
        gained and lost if it takes their place.
        """
        from backsight.results import Preview

        request = {"rules": rules_of(css, on, match, text, page, where, rules)}
        if against is not None:
            request["against"] = several(against)
        return Preview(*self._answer("preview", request | moments(from_, to, since, timezone, as_of)))

    def activity(self, days: int = 90, *, timezone: str = "UTC", as_of: AsOf | None = None) -> Activity:
        """How active each named event was on the last `days` (1 to 730), which of them fell silent, and the
        rule that takes up what took the place of it.
        """
        from backsight.results import Activity

        request = {"days": days, **moments(None, None, None, timezone, as_of)}
        return Activity(*self._answer("activity", request))

    def elements(self, limit: int = 20, days: int = 30, *, as_of: AsOf | None = None) -> Elements:
        """What was clicked most on the last `days` (1 to 3,660) and bears no name yet, with a name and a rule
        that would suit it: the first `limit` (1 to 100).
        """
        from backsight.results import Elements

        own = {"limit": limit, "days": days, "as_of": getattr(as_of, "meta", as_of)}
        return Elements(*self._answer("elements", without_none(own)))

    def doctor(self, days: int = 30, *, timezone: str = "UTC", as_of: AsOf | None = None) -> Doctor:
        """What is wrong with the site, and what to do about it: whether it captures, which names fell silent,
        which selectors match nothing; and, of the last `days` (1 to 365), what got lost or was refused.
        """
        from backsight.results import Doctor

        request = {"days": days, **moments(None, None, None, timezone, as_of)}
        return Doctor(*self._answer("doctor", request))

    # ── Named events ────────────────────────────────────────────────────────────────────────────────────────

    def define(
        self,
        name: str,
        css: str | None = None,
        on: str | Sequence[str] | None = None,
        match: Literal["closest", "target"] | None = None,
        text: str | Json | None = None,
        page: str | Json | None = None,
        where: Json | Sequence[Json] | None = None,
        rules: Json | Sequence[Json] | None = None,
        description: str = "",
        *,
        expected_version: int | None = None,
    ) -> NamedEvent:
        """Binds a name to a rule, or to several `rules` of which one must hold, for all of history.

        `on` is an event type, a list of them or `"any"` (a selector alone asks for clicks); `match` is
        `"closest"` (the default) or `"target"`; `text` and `page` (its path) are values to equal, or tests as
        in the API. A name that exists gets a new version. `expected_version` is the version that the caller
        last saw (0: none); Conflict where another stands by now.
        """
        body = {"rules": rules_of(css, on, match, text, page, where, rules), "description": description}
        return self._put_event(check_name(name), body, expected_version)

    @abstractmethod
    def events(self) -> list[NamedEvent]:
        """The named events, by name."""

    def dbt_schema(self) -> str:
        """The named events, and the views that SQL is asked of, as a dbt `schema.yml` for data catalogues."""
        from backsight.dbt_schema import dbt_schema, to_yaml

        return to_yaml(dbt_schema(self.site, self.events(), self.properties().properties))

    @abstractmethod
    def event(self, name: str) -> NamedEvent:
        """What a name means now. Raises NotFound."""

    @abstractmethod
    def delete_event(self, name: str, *, expected_version: int | None = None) -> None:
        """Takes a name away; its versions stay in its history. Raises NotFound, and Conflict as `define`
        does.
        """

    @abstractmethod
    def history(self, name: str) -> list[NamedEvent]:
        """Every version that a name had, newest first, deletions included. Raises NotFound."""

    # ── The definer ─────────────────────────────────────────────────────────────────────────────────────────

    def define_link(self, url: str, minutes: int = 60) -> DefinerLink:
        """A link that opens the definer on a page of the site: its `url`, and when it `expires`.

        The page must load the snippet of this site. `minutes` are 1 to 1,440. Whoever has the link may define
        events until then: it is a secret. Raises InvalidRequest for what is no page of the web.
        """
        return self._create_link({"url": url, "minutes": minutes})

    @abstractmethod
    def close(self) -> None:
        """Lets go of what the site holds open; it can't be asked afterwards."""

    # ── By name ─────────────────────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, name: str) -> NamedEvent:
        """`site["Signed up"]`: the named event, which stands for its name wherever a step is asked for.

        Raises NotFound.
        """
        return self.event(name)

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        """The names of the named events."""
        return (event.name for event in self.events())

    def _ipython_key_completions_(self) -> list[str]:
        try:
            return list(self)
        except BacksightError:
            return []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.site!r}>"

    # ── What a local and a remote site do in their own ways ─────────────────────────────────────────────────

    @abstractmethod
    def _create_link(self, body: Request) -> DefinerLink:
        """Makes a token, and a link that carries it."""

    @abstractmethod
    def _put_event(self, name: str, body: Request, expected_version: int | None) -> NamedEvent:
        """Keeps a named event, and gives it as it then stands."""
