"""SQL over a site, in Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backsight.requests import Request, without_none

if TYPE_CHECKING:
    import pyarrow

    from backsight.results import Result
    from backsight.results.sql import Sql

Json = Mapping[str, Any]


class SqlQuestions(ABC):
    """Statements over the views of a site."""

    def sql(
        self,
        sql: str,
        params: Json | None = None,
        *,
        limit: int | None = None,
        as_of: Result | Json | None = None,
    ) -> Sql:
        """The rows of one SELECT, in DuckDB's SQL, over the views `raw_events`, `named_events`, `persons` and
        `nodes`.

        `params` are values of the `$name`s that stand in it: texts, numbers, true, false, None, or lists of
        them. Of at most `limit` rows (1 to 1,000,000; 10,000 where it is left out) the first come back; then
        the result is `truncated`. Raises InvalidRequest with what the database says of the statement, and
        where; Exceeded where it takes too much memory.
        """
        from backsight.results.sql import Sql

        given = without_none({"sql": sql, "params": dict(params) if params else None, "limit": limit})
        first = without_none({"as_of": getattr(as_of, "meta", as_of)})
        return Sql(self._sql({**given, **first}), sql, lambda meta: self._sql({**given, "as_of": meta}))

    @abstractmethod
    def _sql(self, request: Request) -> pyarrow.Table:
        """The rows, with what is known of them in the metadata of their schema."""
