"""What PostHog's libraries ask for besides, answered so that they are content and do nothing more: there are
no feature flags, surveys, experiments or recordings here, and autocapture is on."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope

from backsight_collector.http.endpoint import Endpoint
from backsight_collector.http.intake import Intake
from backsight_collector.http.metrics import Metrics
from backsight_collector.http.problems import Answer, Headers, Problem
from backsight_collector.http.script import beside
from backsight_collector.http.settings import CollectorSettings

CONFIG: Final[Mapping[str, Any]] = {
    "supportedCompression": ["gzip", "gzip-js", "base64"],
    "autocapture_opt_out": False,
    "elementsChainAsString": True,
    "analytics": {"endpoint": "/i/v0/e/"},
    "hasFeatureFlags": False,
    "sessionRecording": False,
    "productTours": False,
    "heatmaps": False,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
    "logs": {"captureConsoleLogs": False},
    "conversations": False,
    "defaultIdentifiedOnly": True,
    "isAuthenticated": False,
    "siteApps": [],
    "toolbarParams": {},
}
"""What a project's settings would say. Of surveys they say nothing: at `false`, too, posthog-js loads its
script for them."""
FLAGS: Final[Mapping[str, Any]] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}
LISTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "api/surveys": {"surveys": [], "survey_config": None},
    "api/early_access_features": {"earlyAccessFeatures": []},
    "api/web_experiments": {"experiments": []},
    "api/product_tours": {"product_tours": []},
}
_HEADERS: Final = {
    "access-control-allow-origin": "*",
    "cache-control": "public, max-age=300",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
}
_JSON: Final[Headers] = [(b"content-type", b"application/json")]
_SCRIPT: Final = """(function () {
  window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {};
  window._POSTHOG_REMOTE_CONFIG["%s"] = { config: %s, siteApps: [] };
})();
"""


def answer_routes(intake: Intake, settings: CollectorSettings, metrics: Metrics) -> list[BaseRoute]:
    """The routes, below the root and below the script's folder."""
    flags = _Idle({**FLAGS, **CONFIG}, intake, settings, metrics)
    recordings = _Recordings({"status": 1}, intake, settings, metrics)
    found: list[BaseRoute] = []
    for base in dict.fromkeys(["/", beside(settings.script_path, "")]):
        for end in ("", "/"):
            found += [Route(f"{base}{path}{end}", flags) for path in ("flags", "decide")]
            found.append(Route(f"{base}s{end}", recordings))
            found += [Route(f"{base}{path}{end}", _constant(answer)) for path, answer in LISTS.items()]
        found += [
            Route(f"{base}array/{{token}}/config.js", _config_script),
            Route(f"{base}array/{{token}}/config", _constant(CONFIG)),
            Route(f"{base}static/{{path:path}}", _no_script),
        ]
    return found


class _Idle(Endpoint):
    """Takes a body in, which is let go of, and gives a constant answer."""

    def __init__(
        self, answer: Mapping[str, Any], intake: Intake, settings: CollectorSettings, metrics: Metrics
    ) -> None:
        super().__init__(intake, settings, metrics)
        self._content = msgspec.json.encode(answer)

    async def post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        await self._intake.receive(headers, receive, lambda body, received_at: None)
        return Answer(HTTPStatus.OK, _JSON, self._content)


class _Recordings(_Idle):
    """Lets go of recordings of sessions, and counts them."""

    async def post(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answer:
        answer = await super().post(scope, headers, receive)
        self._metrics.recordings_dropped += 1
        return answer


def _constant(answer: Mapping[str, Any]) -> Any:
    content = msgspec.json.encode(answer)

    async def get(request: Request) -> Response:
        return Response(content, headers=_HEADERS, media_type="application/json")

    return get


async def _config_script(request: Request) -> Response:
    """The settings as a script, for the token that asks; posthog-js looks for them under it."""
    token = request.path_params["token"]
    if not token.replace("_", "").replace("-", "").isalnum() or not token.isascii() or len(token) > 256:
        return _missing("there is no such token")
    script = _SCRIPT % (token, msgspec.json.encode(CONFIG).decode())
    return Response(script, headers=_HEADERS, media_type="text/javascript")


async def _no_script(request: Request) -> Response:
    return _missing(
        "scripts of PostHog's are not served here: bundle posthog-js, or serve its files yourself"
    )


def _missing(why: str) -> Response:
    status, headers, body = Problem(HTTPStatus.NOT_FOUND, why).answer()
    lines = {name.decode(): value.decode() for name, value in headers}
    return Response(body, status, {**_HEADERS, **lines})
