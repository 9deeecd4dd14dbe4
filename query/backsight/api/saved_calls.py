"""What the operations on saved reports do, and what draws a report's answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from backsight.api.operation import Answer, Call, Later, Repeated
from backsight.errors import Gone, NotFound
from backsight.results import RESULTS
from backsight.saved_reports import LinkRequests, SavedReport
from backsight.saved_reports.shared import range_of, require_shareable, shared_answer


def draw_report(report: str, call: Call) -> Later:
    """A report's answer, and the chart of it."""
    return Later(
        partial(call.site.ask, report, call.body or {}), lambda answer: Answer(_drawn(report, answer))
    )


def list_saved(call: Call) -> Answer:
    """The saved reports."""
    saved = [each.to_json() for each in call.site.saved()]
    return Answer({"site": call.site.site, "saved": saved})


def read_saved(call: Call) -> Answer:
    """What is saved under a name."""
    saved = call.site.saved_question(call.name)
    return Answer(saved.to_json(), saved.version)


def put_saved(call: Call) -> Answer:
    """A report is saved."""
    saved = call.site.put_saved(call.name, call.body or {}, call.expected_version, call.principal.key_id)
    return Answer(saved.to_json(), saved.version)


def delete_saved(call: Call) -> Answer:
    """A saved report is taken away."""
    call.site.drop_saved(call.name, call.expected_version, call.principal.key_id)
    return Answer(None)


def read_saved_history(call: Call) -> Answer:
    """Every version of a saved report."""
    return Answer({"versions": [each.to_json() for each in call.site.saved_history(call.name)]})


def answer_saved(call: Call) -> Later:
    """The answer of a saved report."""
    saved = call.site.saved_question(call.name)

    def told(answer: dict[str, Any]) -> Answer:
        said = {"name": saved.name, "report": saved.report, "description": saved.description}
        return Answer({**said, "request": dict(saved.request), **_drawn(saved.report, answer)})

    return Later(partial(call.site.ask, saved.report, dict(saved.request)), told)


def answer_shared(call: Call) -> Repeated:
    """The answer of the saved report that a link shares."""
    saved = _shared(call)

    def told(answer: dict[str, Any]) -> Answer:
        said = {"name": saved.name, "report": saved.report, "description": saved.description}
        return Answer({**said, "range": range_of(saved), **_drawn(saved.report, shared_answer(answer))})

    later = Later(partial(call.site.ask, saved.report, dict(saved.request)), told)
    return Repeated((call.site.site, saved.name, saved.version), later)


def create_share_link(call: Call) -> Answer:
    """A link to a saved report."""
    return Answer(_links(call).create(call.name, call.body or {}))


def list_share_links(call: Call) -> Answer:
    """The links to a saved report."""
    return Answer(_links(call).list(call.name))


def revoke_share_link(call: Call) -> Answer:
    """A link opens nothing any more."""
    return Answer(_links(call).revoke(call.name, call.part))


def _links(call: Call) -> LinkRequests:
    return call.site.link_requests(call.principal.key_id, call.server, call.principal.expires)


def _shared(call: Call) -> SavedReport:
    """The report that the asker's link shares, as it is saved now."""
    try:
        saved = call.site.saved_question(call.principal.report or "")
    except NotFound as error:  # deleted since the link was looked up
        raise Gone("this link has ended.", field="key", valid="a new link, of who shared this one") from error
    require_shareable(saved)
    return saved


def _drawn(report: str, answer: dict[str, Any]) -> dict[str, Any]:
    result = RESULTS[report](answer, str)
    return {"answer": answer, "spec": result.spec(), "tables": result.tables_in_words()}
