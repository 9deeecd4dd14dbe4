"""An API for the definer, faked: it answers what a real one would, remembers names, and can be slow or fail."""

# ruff: noqa: E501  (pages and scripts stand in whole lines)

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

TOKEN = "dt_test-token"
DAYS = 90
Answer = tuple[int, Any, dict[str, str]]


@dataclass
class Asked:
    """One request, as it came."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]


@dataclass
class FakeApi:
    """Counts are made up, but follow from the rule: the same rule counts the same."""

    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    candidates: list[dict[str, Any]] | None = None
    unnamed: list[dict[str, Any]] = field(default_factory=list)
    token: str = TOKEN
    holds: dict[str, threading.Event] = field(default_factory=dict)
    """Requests whose body or path contains the key wait for the event."""
    failing: dict[str, Answer] = field(default_factory=dict)
    """Requests whose path contains the key are answered so."""

    def answer(self, method: str, path: str, raw: str, headers: dict[str, str]) -> Answer:
        """Status, JSON and headers for a request below /v1/."""
        self.asked.append(Asked(method, path, json.loads(raw) if raw else None, headers))
        for part, hold in self.holds.items():
            if part in path or part in raw:
                hold.wait(15)
        if headers.get("authorization") != f"Bearer {self.token}":
            return problem(401, "the definer's token is unknown, expired or revoked.")
        for part, answer in self.failing.items():
            if part in path:
                return answer
        return self._route(method, path, raw, headers)

    def requests(self, method: str, part: str) -> list[Asked]:
        return [asked for asked in list(self.asked) if asked.method == method and part in asked.path]

    def define(self, name: str, *rules: dict[str, Any], **more: Any) -> None:
        self.names[name] = {
            "name": name,
            "rules": list(rules),
            "description": "",
            "version": 1,
            "activity": activity(len(name) * 37),
            "repair": None,
            **more,
        }

    def _route(self, method: str, path: str, raw: str, headers: dict[str, str]) -> Answer:
        body = json.loads(raw) if raw else None
        routes: list[tuple[str, Callable[[re.Match[str]], Answer]]] = [
            (r"GET definer", lambda _: (200, permission(), {})),
            (r"GET events(\?activity=90)?", lambda found: self._list(bool(found[1]))),
            (r"POST events/preview", lambda _: (200, self.preview(body), {})),
            (r"POST elements/candidates", lambda _: (200, self._candidates(body), {})),
            (r"GET elements\?.*", lambda _: (200, {"elements": self.unnamed, "meta": {}}, {})),
            (r"(GET|PUT|DELETE) events/([^/?]+)", lambda found: self._one(found, body, headers)),
        ]
        for pattern, respond in routes:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return respond(found)
        return problem(404, "there is nothing at this path.")

    def _list(self, with_activity: bool) -> Answer:
        extra = () if with_activity else ("activity", "repair")
        listed = [
            {key: value for key, value in each.items() if key not in extra} for each in self.names.values()
        ]
        return 200, {"site": "shop", "events": sorted(listed, key=lambda each: each["name"])}, {}

    def _one(self, found: re.Match[str], body: Any, headers: dict[str, str]) -> Answer:
        method, name = found[1], unquote(found[2])
        known = self.names.get(name)
        version = f'"{known["version"]}"' if known else None
        if method != "PUT" and not known:
            return problem(404, "there is no such named event.")
        if headers.get("if-none-match") == "*" and known:
            return problem(412, "there is such a named event already.")
        if headers.get("if-match") not in (None, "*", version):
            return problem(412, "another version stands.")
        if method == "DELETE":
            del self.names[name]
            return 204, None, {}
        if method == "PUT":
            number = known["version"] + 1 if known else 1
            self.define(name, *body["rules"], description=body["description"], version=number)
        saved = {key: value for key, value in self.names[name].items() if key not in ("activity", "repair")}
        return 200, saved, {"etag": f'"{saved["version"]}"'}

    def _candidates(self, body: Any) -> dict[str, Any]:
        tag = body["elements"][json.loads(json.dumps(body["nodes"][body["node"]]))[1]]["tag"]
        on = body["on"]
        text = body.get("text") or ""
        made = [
            candidate(f"this “{text}” {tag}", {"on": on, "css": f"#shop {tag}"}, 0.94, "element"),
            candidate(f"every {tag}", {"on": on, "css": tag}, 0.62, "kind"),
            candidate(
                f"anything that says “{text}”", {"on": on, "text": {"op": "is", "value": text}}, 0.3, "text"
            ),
        ]
        left_out = [{"token": ".css-1x2y9z", "why": "was there on 2 of 90 days: it is generated"}]
        return {"candidates": self.candidates or made, "left_out": left_out, "meta": {}}

    def preview(self, body: Any) -> dict[str, Any]:
        """What rules count: the longer they are, the less."""
        events = count_of(body["rules"])
        answer = {
            "events": events,
            "persons": events // 3,
            "daily": daily(events),
            "elements": [],
            "overlaps": [{"name": name, "events": events // 2} for name in list(self.names)[:1]],
            "texts": {
                "distinct": 2,
                "top": [{"text": "Buy", "events": events}, {"text": "Add", "events": 1}],
            },
            "pages": {"distinct": 1, "top": [{"path": "/shop", "events": events}]},
            "meta": {},
        }
        if body.get("against"):
            before = count_of(body["against"])
            gained, lost = max(0, events - before), max(0, before - events)
            answer["difference"] = {
                "gained": {"events": gained, "persons": gained // 3},
                "lost": {"events": lost, "persons": lost // 3},
            }
        return answer


def count_of(rules: list[dict[str, Any]]) -> int:
    return sum(max(3, 2400 - 17 * len(json.dumps(rule))) for rule in rules)


def candidate(words: str, rule: dict[str, Any], stability: float, scope: str) -> dict[str, Any]:
    why = (
        ["its class was there on all of 90 days"] if stability > 0.8 else ["the text changed once in 90 days"]
    )
    return {"rule": rule, "scope": scope, "words": words, "css": rule.get("css"), "on_page": 1,
            "stability": stability, "why": why}  # fmt: skip


def daily(events: int) -> list[dict[str, Any]]:
    """Days that add up to so many events, some without any."""
    today = datetime.now(UTC).date()
    shares = [(i * 7919) % 13 * (1 + i / 60) for i in range(DAYS)]
    return [
        {"date": str(today - timedelta(days=DAYS - 1 - i)), "events": round(events * share / sum(shares))}
        for i, share in enumerate(shares)
        if share
    ]


def activity(events: int, silent_since: str | None = None) -> dict[str, Any]:
    counts = {each["date"]: each["events"] for each in daily(events)}
    return {
        "from": min(counts),
        "daily": list(counts.values()),
        "events": events,
        "persons": events // 4,
        "last": max(counts),
        "silent_since": silent_since,
    }


def permission() -> dict[str, Any]:
    return {"site": "shop", "origin": "http://127.0.0.1", "expires": "2099-01-01T00:00:00Z"}


def problem(status: int, detail: str, **more: str) -> Answer:
    titles = {401: "Unauthorized", 404: "Not found", 412: "Precondition failed"}
    return status, {"type": "about:blank", "title": titles.get(status, "Invalid"), "status": status,
                    "detail": detail, **more}, {}  # fmt: skip
