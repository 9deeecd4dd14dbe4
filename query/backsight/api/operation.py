"""What an operation of the API is: one method on one path, what it needs and what it says."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backsight.api.bodies import MAX_BODY_BYTES
from backsight.api.schemas.parts import Schema
from backsight.asking import Question
from backsight.keys import Principal
from backsight.results import Result
from backsight.site import Site


@dataclass(frozen=True)
class Call:
    """A request, understood: whose site, who asks, about which name, with which body."""

    site: Site
    principal: Principal
    name: str = ""
    body: dict[str, Any] | None = None
    expected_version: int | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the path's question mark."""
    part: str = ""
    """The second name in the path, where it has two."""
    server: str = ""
    """The address of the server, as the caller reached it."""


@dataclass(frozen=True)
class Answer:
    """What to say: a JSON value, a report's result (which also has a tabular form), or nothing (204)."""

    content: dict[str, Any] | Result | None
    version: int | None = None
    """Version of the named event, for the ETag."""
    status: int = 200
    """202 of what is certain to happen and not done yet."""


@dataclass(frozen=True)
class Later:
    """A question that is a part of what is said: what asks it, and what is said with its answer."""

    ask: Callable[[], Question]
    told: Callable[[dict[str, Any]], Answer]


@dataclass(frozen=True)
class Repeated:
    """What is said, once it was answered, to everybody else who asks the same within a minute."""

    key: Hashable
    later: Later


Said = Answer | Question | Later | Repeated
"""What an operation says, or asks."""


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    scope: str
    summary: str
    run: Callable[[Call], Said]
    """What it says; or, of a report, the question that is to be answered."""
    request: str | None = None
    """Schema of the body; None where it takes none."""
    response: str | None = None
    """Schema of the JSON answer; None where there is none (204)."""
    streams: bool = False
    """Whether its tabular forms are all rows, sent part by part, of which its JSON is a page."""
    tabular: bool = False
    """Whether Arrow and CSV can be asked for."""
    yaml: bool = False
    """Whether YAML can be asked for."""
    preconditions: tuple[str, ...] = ()
    """Conditional headers that it honours."""
    query: Mapping[str, Schema] = field(default_factory=dict)
    """Parameters that may stand behind the path's question mark."""
    on_page: bool = False
    """Whether a definer's token may ask for it, from pages of its origin."""
    body_bytes: int = MAX_BODY_BYTES
    """The largest body that it takes."""
    accepted: bool = False
    """Whether it answers before what was asked for is done (202)."""
    asks: bool = False
    """Whether it says something with the answer of a question, which has no tabular form."""
    reads_lake: bool = False
    """Whether it reads the lake though it is no question: questions do anyway."""

    @property
    def is_report(self) -> bool:
        """Whether it reads the lake, which may take long."""
        return (
            self.tabular
            or self.asks
            or self.reads_lake
            or (self.scope == "read" and self.request is not None)
        )
