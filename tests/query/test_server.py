"""`backsight up` and its parts as processes: what a start makes, what a crash leaves, how it ends."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx
import pytest

import backsight
from backsight.cli.listening import collect_rarely
from captures import batch, click

Found = TypeVar("Found")
CLICK = {"on": "click"}


@dataclass
class Process:
    """A started `backsight …`, once it listens: its address, what it printed, and a client for it."""

    popen: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Listening on"):
                break
        else:
            raise AssertionError(f"it did not start: {self.lines}")

    @property
    def url(self) -> str:
        return self.lines[-1].removeprefix("Listening on ")

    def found(self, pattern: str) -> str:
        """The first match of what it printed; empty where nothing matches."""
        match = re.search(pattern, "\n".join(self.lines))
        return match[0] if match else ""

    @property
    def write_key(self) -> str:
        return self.found(r"wk_[0-9a-f]+")

    @property
    def secret_key(self) -> str:
        return self.found(r"sk_[0-9a-f]+")

    def send(self, page: str, clicks: int, **fields: object) -> int:
        """Captures some clicks on a page; the status of the answer."""
        sent = batch(page, [click(seq) for seq in range(clicks)], key=self.write_key, **fields)
        return httpx.post(f"{self.url}/v1/capture", json=sent, timeout=20).status_code

    def post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        return httpx.post(
            f"{self.url}{path}", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and gives the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(timeout=30)


Start = Callable[..., Process]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-P", "-m", "backsight.cli", *map(str, arguments)]


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSIGHT_")}
    return kept | {f"BACKSIGHT_{name}": value for name, value in variables.items()}


def run(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=environment(**variables),
        timeout=60,
        check=False,
    )


@contextmanager
def starting(data: Path) -> Iterator[Start]:
    """Starts `backsight PART` over a folder on a free port, and kills what is left of it."""
    started: list[subprocess.Popen[str]] = []

    def begin(part: str = "up", errors: IO[str] | None = None, **variables: str) -> Process:
        popen = subprocess.Popen(
            command(part, "--data", data, "--port", 0),
            stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(**variables), cwd=data,
        )  # fmt: skip
        started.append(popen)
        return Process(popen)

    yield begin
    for popen in started:
        popen.kill()
        popen.communicate(timeout=30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts parts of Backsight over the test's own folder."""
    with starting(tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One server for the tests that leave it as it is."""
    with starting(tmp_path_factory.mktemp("running")) as begin:
        yield begin()


def eventually(ask: Callable[[], Found], wanted: Found) -> None:
    """Returns as soon as the answer is the one that is wanted; fails after a long time."""
    pause, deadline = threading.Event(), time.monotonic() + 30
    while (answer := ask()) != wanted:
        assert time.monotonic() < deadline, f"{answer!r} and not {wanted!r}"
        pause.wait(0.05)


def clicks_seen(data: Path) -> int:
    with backsight.open(data) as site:
        return int(site.preview(on="click").answer["events"])


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def assert_refused(refused: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line on standard error, exit code 1, no traceback."""
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
    assert refused.stderr.startswith("Error: ")
    for word in words:
        assert word in refused.stderr


def test_the_first_start_makes_a_site_and_keys_and_the_next_keeps_them(start: Start) -> None:
    """The write key stays and is shown at every start, in the line for the pages; the secret only once."""
    first = start()
    tag = f'<script async src="{first.url}/backsight.js" data-key="{first.write_key}"></script>'
    assert tag in "\n".join(first.lines)
    assert first.post("/v1/events/preview", {"rules": [CLICK]}, first.secret_key).status_code == 200
    assert first.end() == 0
    second = start()
    assert (second.write_key, second.secret_key) == (first.write_key, "")
    assert second.post("/v1/events/preview", {"rules": [CLICK]}, first.secret_key).status_code == 200


def test_everything_is_served_on_one_loopback_port(running: Process) -> None:
    """Snippet, health, metrics and API answer under one address."""
    assert running.url.startswith("http://127.0.0.1:")
    expected = {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/backsight.js": 200,
                "/v1/openapi.json": 200, "/v1/events": 401, "/": 200}  # fmt: skip
    assert {path: httpx.get(running.url + path).status_code for path in expected} == expected


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_it_ends_cleanly_and_takes_the_committer_with_it(start: Start, number: int, tmp_path: Path) -> None:
    """On SIGTERM and on Ctrl-C the exit code is 0, no process stays, and nothing is left to say."""
    with (tmp_path / "errors").open("w") as errors:
        server = start(errors=errors)
    committers = children(server.popen.pid)
    assert len(committers) == 1
    asked = server.post("/v1/reports/funnel", {"steps": [{"on": "pageview"}]}, server.secret_key)
    assert asked.status_code == 200
    assert server.end(number) == 0
    assert not is_alive(committers[0])
    assert (tmp_path / "errors").read_text() == ""


def test_a_click_is_in_every_answer_once(start: Start, tmp_path: Path) -> None:
    """What was captured, twice over, is seen once, with the same figures from the folder and over HTTP."""
    server = start()
    assert server.send("page-1", 3) == 200
    assert server.send("page-1", 3) == 200
    eventually(lambda: clicks_seen(tmp_path), 3)
    local = run("funnel", '{"on": "click"}', "--json", "--data", tmp_path)
    remote = run("funnel", '{"on": "click"}', "--json", "--url", server.url, SECRET_KEY=server.secret_key)
    assert '"count": 1' in local.stdout
    assert without_times(local.stdout) == without_times(remote.stdout)


def without_times(text: str) -> str:
    """Without when it was asked and how long it took."""
    return re.sub(r'"now": "[^"]+"|"ms": [0-9.]+', "", text)


def test_a_killed_server_loses_and_doubles_nothing(start: Start, tmp_path: Path) -> None:
    """After a kill -9, what was acknowledged is there once, and the committer is not left behind."""
    server = start()
    committers = children(server.popen.pid)
    for number in range(5):
        assert server.send(f"page-{number}", 10) == 200
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    eventually(lambda: is_alive(committers[0]), False)
    again = start()
    for number in range(5):
        assert again.send(f"page-{number}", 10) == 200
    eventually(lambda: clicks_seen(tmp_path), 50)


def test_a_killed_server_knows_no_batch_of_before(start: Start) -> None:
    """After a kill -9 every batch is missing; sent again, its events are still stored once."""
    server = start()
    secret, rules = server.secret_key, {"rules": [CLICK]}
    assert server.send("page-1", 3, batch="first") == 200
    server.end(signal.SIGKILL)
    again = start()
    for missing in (["first"], []):
        sent = batch("page-2", [click(9)], key=again.write_key, batch=f"asks {missing}", unsure=["first"])
        assert httpx.post(f"{again.url}/v1/capture", json=sent).json()["missing"] == missing
        assert again.send("page-1", 3, batch="first") == 200
    eventually(lambda: again.post("/v1/events/preview", rules, secret).json()["events"], 4)


def test_the_current_folder_takes_no_module_s_place(start: Start, tmp_path: Path) -> None:
    """A file called like a module of the standard library, where the server is started, is not run."""
    (tmp_path / "signal.py").write_text("raise SystemExit('hijacked')")
    server = start()
    assert server.send("page-1", 1) == 200
    eventually(lambda: clicks_seen(tmp_path), 1)


def test_a_killed_committer_is_replaced(start: Start, tmp_path: Path) -> None:
    """Capturing goes on, and what comes afterwards is seen too."""
    server = start()
    os.kill(children(server.popen.pid)[0], signal.SIGKILL)
    assert server.send("page-1", 4) == 200
    eventually(lambda: clicks_seen(tmp_path), 4)


def test_one_folder_has_one_server(start: Start, tmp_path: Path) -> None:
    """A second server over the same folder says what is in its way, and the first goes on."""
    server = start()
    assert_refused(run("up", "--data", tmp_path, "--port", 0), "journal", str(tmp_path), "another process")
    assert server.send("page-1", 1) == 200


def test_a_port_in_use_is_named(start: Start, tmp_path: Path) -> None:
    """The message names address and port, and the settings to change; no keys are made for nothing."""
    server = start()
    other, port = tmp_path / "other", server.url.rpartition(":")[2]
    refused = run("up", "--data", other, "--port", port)
    assert_refused(refused, f"can't listen on 127.0.0.1:{port}", "Address already in use", "BACKSIGHT_PORT")
    assert run("sites", "list", "--data", other).stdout.strip() == ""


def test_a_wrong_setting_stops_the_start(tmp_path: Path) -> None:
    """Nothing is made before the configuration is right."""
    refused = run("up", "--data", tmp_path / "new", COMMIT_SECONDS="often")
    assert_refused(refused, "BACKSIGHT_COMMIT_SECONDS: 'often'", "0.1 to 60")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A data folder below a file is refused with its path, and the setting to change is named."""
    (tmp_path / "file").write_text("")
    refused = run("up", "--data", tmp_path / "file" / "data", "--port", 0)
    assert_refused(refused, "data: ", str(tmp_path / "file"), "BACKSIGHT_DATA")


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    """An address that is not this machine's is refused, and the setting to change is named."""
    refused = run("up", "--data", tmp_path / "new", "--port", 0, "--host", "192.0.2.1")
    assert_refused(refused, "can't listen on 192.0.2.1:0", "BACKSIGHT_HOST")


def test_a_deployment_brings_its_own_keys(start: Start) -> None:
    """Configured keys are taken, the secret is printed nowhere, and the site bears the configured name."""
    secret = "sk_" + "c" * 40
    server = start(WRITE_KEY="wk_configured", SECRET_KEY=secret, SITE="shop")
    assert 'data-key="wk_configured"' in "\n".join(server.lines)
    assert secret not in "\n".join(server.lines)
    answer = server.post("/v1/events/preview", {"rules": [CLICK]}, secret)
    assert answer.json()["meta"]["site"] == "shop"


def test_the_parts_work_apart(start: Start, tmp_path: Path) -> None:
    """Collector, committer and query API in processes of their own do what `up` does in one."""
    collector = start("collector")
    query = start("query")
    with subprocess.Popen(command("committer", "--data", tmp_path), env=environment()) as committer:
        assert collector.send("page-1", 2) == 200

        def seen() -> int:
            answer = query.post("/v1/events/preview", {"rules": [CLICK]}, collector.secret_key)
            return int(answer.json()["events"])

        eventually(seen, 2)
        committer.terminate()
        assert committer.wait(timeout=30) == 0
    assert httpx.get(f"{collector.url}/v1/events").status_code == 404
    assert httpx.get(f"{query.url}/backsight.js").status_code == 404


def test_the_snippet_may_be_served_from_a_folder_of_ones_own(start: Start) -> None:
    """With `script_path` the script, its parts, its batches' route and the API stand in one folder."""
    server = start(SCRIPT_PATH="/st/site.js")
    script, part = (httpx.get(f"{server.url}/st/{name}") for name in ("site.js", "definer.js"))
    assert (script.status_code, part.status_code) == (200, 200)
    assert f'src="{server.url}/st/site.js"' in "\n".join(server.lines)
    assert script.text == httpx.get(f"{server.url}/backsight.js").text
    sent = batch("page-1", [click(0)], key=server.write_key)
    assert httpx.post(f"{server.url}/st/v1/capture", json=sent).json()["accepted"] == 1
    rules = {"rules": [CLICK]}
    eventually(lambda: server.post("/st/v1/events/preview", rules, server.secret_key).json()["events"], 1)
    named = httpx.put(f"{server.url}/st/v1/events/a%2Fb", json=rules,
                      headers={"Authorization": f"Bearer {server.secret_key}"})  # fmt: skip
    assert (named.status_code, named.json()["name"]) == (200, "a/b")
    for path in ("/st/healthz", "/st/v1", "/other/v1/events", "/%73t/v1/events"):
        assert httpx.get(f"{server.url}{path}").status_code == 404


def test_a_definers_token_works_next_to_the_script(start: Start) -> None:
    """A link that the server makes is good for its page, beside the script too, preflights included."""
    server, page = start(SCRIPT_PATH="/st/site.js"), "https://shop.example"
    link = server.post("/v1/definer/links", {"url": page}, server.secret_key).json()
    headers = {"Origin": page, "Authorization": f"Bearer {link['url'].partition('backsight-')[2]}"}
    for folder in ("", "/st"):
        url = f"{server.url}{folder}/v1/definer"
        asked = {"Origin": page, "Access-Control-Request-Method": "GET"}
        for answer in (httpx.options(url, headers=asked), httpx.get(url, headers=headers)):
            assert answer.is_success
            assert answer.headers["access-control-allow-origin"] == page
    assert link["url"] not in "\n".join(server.lines)


def test_a_second_committer_says_who_is_first(start: Start, tmp_path: Path) -> None:
    """Beside a running committer another one refuses to start."""
    start()
    eventually(lambda: (tmp_path / "committer-status.json").exists(), True)
    assert_refused(run("committer", "--data", tmp_path), "lake", "process")


# ── Identity ────────────────────────────────────────────────────────────────────────────────────────────────


def identify(server: Process, device: str, user: str) -> None:
    """A click, and then the user's name, on one device."""
    events = [click(0), {"type": "identify", "page": 0, "seq": 1, "time": click(1)["time"], "user": user}]
    sent = batch(f"page of {device}", events, key=server.write_key, device=device)
    assert httpx.post(f"{server.url}/v1/capture", json=sent, timeout=20).status_code == 200


def persons(data: Path) -> int:
    with backsight.open(data) as site:
        return int(site.preview(on="click").answer["persons"])


def statements(server: Process, **body: str) -> list[dict[str, Any]]:
    answer = server.post("/v1/identity/statements", body, server.secret_key)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["statements"]
    return listed


def test_a_revoked_statement_undoes_itself_in_reports(start: Start, tmp_path: Path) -> None:
    """Two devices of a user are one person; after revoking one's statement they are two, and again one after
    revoking the revocation.
    """
    server = start()
    identify(server, "phone", "ada")
    identify(server, "desk", "ada")
    eventually(lambda: len(statements(server, user="ada")), 2)
    assert persons(tmp_path) == 1
    [phone] = statements(server, device="phone")
    revoked = server.post("/v1/identity/revoke", {"statement_id": phone["statement_id"]}, server.secret_key)
    assert revoked.status_code == 200, revoked.text
    eventually(lambda: persons(tmp_path), 2)
    assert [line["holds"] for line in statements(server, device="phone")] == [False, True]
    undone = run("identity", "revoke", revoked.json()["statement_id"], "--data", tmp_path)
    assert undone.returncode == 0, undone.stderr
    assert "next fold" in undone.stdout
    eventually(lambda: persons(tmp_path), 1)


@pytest.mark.parametrize(
    ("body", "status", "field_at_fault"),
    [
        ({"statement_id": "st_unknown"}, 404, "statement_id"),
        ({}, 400, "statement_id"),
        ({"statement": "x"}, 400, "statement"),
        ({"statement_id": 7}, 400, "statement_id"),
    ],
)
def test_what_cannot_be_revoked_is_named(
    running: Process, body: dict[str, Any], status: int, field_at_fault: str
) -> None:
    """Unknown statements and unreadable bodies are problem documents that name the field."""
    answer = running.post("/v1/identity/revoke", body, running.secret_key)
    assert (answer.status_code, answer.json()["field"]) == (status, field_at_fault)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_openapi_document_describes_identity_too(running: Process) -> None:
    """Operations that are composed in are described like the API's own, with every schema that they name."""
    document = httpx.get(f"{running.url}/v1/openapi.json").json()
    assert {"/v1/identity/revoke", "/v1/identity/statements", "/v1/reports/funnel"} <= document[
        "paths"
    ].keys()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= document["components"]["schemas"].keys()


def test_identity_is_for_administrators(start: Start, tmp_path: Path) -> None:
    """A key that may define names may neither read nor revoke statements; no key at all is 401."""
    server = start()
    made = run("keys", "create", "--scope", "define", "--data", tmp_path).stdout.strip()
    for path in ("/v1/identity/revoke", "/v1/identity/statements"):
        assert server.post(path, {"statement_id": "x"}, made).status_code == 403
        assert httpx.post(server.url + path, json={}).status_code == 401


def test_revoking_without_a_committer_takes_effect_at_once(start: Start, tmp_path: Path) -> None:
    """Where nothing runs, the command folds the journal itself."""
    server = start()
    identify(server, "phone", "ada")
    eventually(lambda: len(statements(server)), 1)
    statement_id = statements(server)[0]["statement_id"]
    assert server.end() == 0
    revoked = run("identity", "revoke", statement_id, "--data", tmp_path)
    assert "Reports follow from now on" in revoked.stdout
    listed = run("identity", "list", "--data", tmp_path).stdout.splitlines()
    assert [line.endswith("revoked") for line in listed[2:]] == [True, False]


def test_requests_that_wait_are_no_garbage() -> None:
    """A server does not look for garbage whenever some requests wait, nor among what it has loaded."""
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > 10_000
        looks = [stats["collections"] for stats in gc.get_stats()]
        waiting: list[list[int]] = [[] for _ in range(10_000)]
        assert [stats["collections"] for stats in gc.get_stats()] == looks
        waiting.append([])
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
