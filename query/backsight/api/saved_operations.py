"""The operations on saved reports, on the links that share them, and those that draw a report's answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from backsight.api.operation import Operation
from backsight.api.saved_calls import (
    answer_saved,
    answer_shared,
    create_share_link,
    delete_saved,
    draw_report,
    list_saved,
    list_share_links,
    put_saved,
    read_saved,
    read_saved_history,
    revoke_share_link,
)
from backsight.api.schemas.parts import schema_name
from backsight.keys import OF_LINKS
from backsight.requests import REPORT_PATHS
from backsight.saved_reports import REPORTS_SAVED

DRAWN: Final = (*REPORTS_SAVED, "preview", "activity")
"""The reports whose answer can be asked for with its chart."""
_SAVED: Final = "/v1/saved/{name}"
_CONDITIONS: Final = ("If-Match", "If-None-Match")


def _drawings() -> Iterator[Operation]:
    for report in DRAWN:
        schema = schema_name(report)
        yield Operation(
            f"{report}Spec", "POST", f"{REPORT_PATHS[report]}/spec", "read",
            f"The answer of this {report}, and its chart as Vega-Lite", partial(draw_report, report),
            f"{schema}Request", f"{schema}Drawn", asks=True,
        )  # fmt: skip


SAVED_OPERATIONS: Final[tuple[Operation, ...]] = (
    *_drawings(),
    Operation(
        "listSaved", "GET", "/v1/saved", "read", "The saved reports", list_saved, response="SavedReports"
    ),
    Operation(
        "readSavedHistory", "GET", f"{_SAVED}/history", "read",
        "Every version of a saved report, newest first", read_saved_history, response="SavedHistory",
    ),
    Operation(
        "answerSaved", "GET", f"{_SAVED}/answer", "read", "The answer of a saved report, asked now",
        answer_saved, response="SavedAnswer", tabular=True,
    ),
    Operation(
        "readSaved", "GET", _SAVED, "read", "What is saved under a name", read_saved, response="SavedReport"
    ),
    Operation(
        "putSaved", "PUT", _SAVED, "define", "Save a report under a name", put_saved, "SavedDefinition",
        "SavedReport", preconditions=_CONDITIONS,
    ),
    Operation(
        "deleteSaved", "DELETE", _SAVED, "define",
        "Take a saved report away, and the links to it; its history stays", delete_saved,
        preconditions=_CONDITIONS,
    ),
    Operation(
        "createShareLink", "POST", f"{_SAVED}/links", "define", "A link that shares a saved report",
        create_share_link, "ShareRequest", "ShareLink",
    ),
    Operation(
        "listShareLinks", "GET", f"{_SAVED}/links", "define", "The links that share a saved report",
        list_share_links, response="ShareLinks",
    ),
    Operation(
        "revokeShareLink", "DELETE", f"{_SAVED}/links/{{link_id}}", "define", "End a link",
        revoke_share_link, response="RevokedLink",
    ),
    Operation(
        "readShared", "GET", "/v1/shared", OF_LINKS, "The report that a link shares", answer_shared,
        response="SharedAnswer", asks=True,
    ),
)  # fmt: skip
