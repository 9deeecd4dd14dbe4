"""What hostile senders got accepted is stored by a real committer, and every kind of question answers."""

from __future__ import annotations

import json
from pathlib import Path

import backsight as bs
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore
from backsight_collector.committer import Committer
from backsight_collector.journal.records import Capture
from captures import SITE, stored, write_journal
from fuzz.hostile import NOW, NUMBERS, TEXTS, TIMES

PROPERTIES = ["a", "props.\0", "title", "utm_source", "browser"]


def messages() -> list[dict[str, object]]:
    """Every odd text, number and time, in every place where one may stand."""
    said: list[dict[str, object]] = []
    for text in TEXTS:
        ids = {"userId": f"u{text}"[:256], "anonymousId": f"d{text}"[:256], "messageId": f"m{len(said)}"}
        where = {"url": f"https://{text}/{text}?utm_source={text}#{text}", "title": text, "referrer": text}
        context = {
            "page": where,
            "userAgent": text,
            "locale": text,
            "os": {text: text},
            "campaign": {"name": text},
        }
        props = {"a": text, "b": [text, {text: text}], text: {text: text}}
        shared = ids | {"context": context, "timestamp": (NOW - 10**9) / 1_000}
        said.append({"type": "track", "event": text or "-", "properties": props} | shared)
        said.append(
            {"type": "page", "name": text, "properties": where | props, **shared, "messageId": f"p{text}"}
        )
        said.append({"type": "identify", "traits": props, **shared, "messageId": f"i{text}"})
    for place, value in enumerate([*NUMBERS, *TIMES]):
        props = {"a": value, "b": {"a": [value]}}
        said.append(
            {"type": "track", "userId": "n", "event": "N", "properties": props, "messageId": f"n{place}"}
        )
        said.append(
            {"type": "track", "userId": "t", "event": "T", "timestamp": value, "messageId": f"t{place}"}
        )
    return said


def test_every_question_answers(tmp_path: Path) -> None:
    """Each message is an event or a dead letter; trends, funnels, persons and breakdowns are whole."""
    sent = messages()
    bodies = [json.dumps({"batch": sent[start : start + 50]}).encode() for start in range(0, len(sent), 50)]
    write_journal(tmp_path, [Capture(NOW, SITE, None, body, "segment") for body in bodies])
    committer = Committer(tmp_path)
    counts = committer.step()
    committer.close()
    assert counts.events + counts.dead_letters == len(sent)
    assert counts.events > 0.7 * len(sent)
    events = stored(tmp_path, "events")
    assert len(events) == counts.events
    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        ensure_site(store, SITE, "test")
    span = {"from_": "2016-11-20", "to": "2026-11-19"}
    tracked = sum(row["type"] == "track" for row in events)
    with bs.open(tmp_path) as site:
        for name in PROPERTIES:
            by = {"by": [name], "limit": 100}
            answer = site.trend([{"on": "track"}], **span, interval="month", breakdown=by)
            assert sum(sum(series["values"]) for series in answer.answer["series"]) == tracked
        whose = [{"property": "a", "op": "is_set"}]
        funnel = site.funnel([{"on": "identify"}, {"on": "track"}], order="any", person_where=whose, **span)
        persons = funnel.persons(step=1).persons
        assert len(persons) == funnel.answer["steps"][0]["count"] > 10
        for row in persons[:5]:
            assert site.person(row).answer["events"]
