"""The libraries that are compared, as they are put on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "collector" / "backsight_collector" / "static"
PACKAGES = ROOT / "bench" / "node_modules"


@dataclass(frozen=True)
class Library:
    """A script, the tags that load it, and what it asks its server for."""

    name: str
    file: Path | None = None
    tags: str = ""
    captured: str = "Infinity"
    """An expression: how many clicks it has captured."""
    answers: dict[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    """Files that it loads as soon as somebody is there."""

    @property
    def path(self) -> str:
        """Where its script stands."""
        return f"/{self.name}.js"

    def served(self) -> dict[str, tuple[str, str]]:
        """Its script and its server's answers."""
        script = {self.path: ("text/javascript", self.file.read_text())} if self.file else {}
        for name in self.parts:  # Known in stacks and profiles by the library's own path.
            text = f"{(BUILT / name).read_text()}\n//# sourceURL={self.path}?{name}"
            script[f"/{name}"] = ("text/javascript", text)
        return script | {path: ("application/json", body) for path, body in self.answers.items()}


NOTHING = Library("nothing")

OURS = Library(
    "backsight",
    BUILT / "backsight.js",
    """<script>
      const send = window.fetch;
      window.sentClicks = 0;
      window.fetch = function (url, options) {
        if (String(url).endsWith("/v1/capture"))
          sentClicks += JSON.parse(options.body).events.filter(({ type }) => type === "click").length;
        return send.apply(this, arguments);
      };
    </script>
    <script src="/backsight.js" data-key="wk_bench"></script>""",
    "(backsight.flush(), sentClicks)",
    parts=("effects.js",),
)

# As its own loader prepares it, less what would keep it from capturing here (an automated browser, and
# its limit of ten events a second). What it would load besides is switched off: that would be more work.
POSTHOG = Library(
    "posthog",
    PACKAGES / "posthog-js/dist/array.js",
    """<script>
      window.capturedClicks = 0;
      window.posthog = Object.assign([], { __SV: 1, _i: [["phc_bench", {
        api_host: location.origin,
        autocapture: true,
        opt_out_useragent_filter: true,
        disable_session_recording: true,
        disable_surveys: true,
        disable_external_dependency_loading: true,
        rate_limiting: { events_per_second: 1000, events_burst_limit: 1000000 },
        before_send: (event) => {
          if (event.event === "$autocapture" && event.properties.$event_type === "click") capturedClicks++;
          return event;
        },
      }, "posthog"]] });
    </script>
    <script src="/posthog.js"></script>""",
    "capturedClicks",
    {"/array/phc_bench/config": '{"autocapture_opt_out": false, "supportedCompression": ["gzip-js"]}'},
)
