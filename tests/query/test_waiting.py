"""Waiting for an answer: Ctrl-C calls the question off, in place and on the server; progress is shown to who
looks, and to nobody else.
"""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import backsight as bs
from backsight import progress, runs, waiting
from backsight.engine import Engine
from backsight.errors import Cancelled
from backsight.reports import trend
from backsight.runs import Run, Stage
from backsight.timelines import Timelines
from shop_site import secret_key, served, write_data

ENDLESS = "select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory."""
    folder = tmp_path_factory.mktemp("waiting")
    write_data(folder)
    return folder


# ── Ctrl-C ──────────────────────────────────────────────────────────────────────────────────────────────────

LOCAL = f"""
import os, signal, sys, threading
import backsight as bs
from backsight.reports import trend

answer = trend.run
def endless(request, context):
    if request["series"] == ["Endless"]:
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        context.engine.query({ENDLESS!r})
    return answer(request, context)
trend.run = endless
site = bs.open(sys.argv[1])
try:
    site.trend("Endless")
except KeyboardInterrupt:
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in others:
        thread.join(10)  # one that interrupts the statement sees a moment later that it has ended
    left = [thread.name for thread in others if thread.is_alive()]
    print([series["total"] for series in site.trend({{"on": "any"}}).series], left)
site.close()
"""

REMOTE = """
import os, signal, sys, threading
import backsight as bs
site = bs.connect(sys.argv[1], sys.argv[2])
print("asking", flush=True)
try:
    site.trend("Endless")
except KeyboardInterrupt:
    print([series["total"] for series in site.trend({"on": "any"}).series])
"""


def begin(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python that hears SIGINT as a terminal's does."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def test_ctrl_c_in_place(data: Path) -> None:
    """It ends the report, leaves nothing of it running, and the site answers the next question."""
    with begin(LOCAL, data) as process:
        assert process.communicate(timeout=60) == ("[13] []\n", "")


def test_ctrl_c_over_http(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the question at the server, too, which answers the next one on a new connection."""
    answer, ended, began = trend.run, threading.Event(), threading.Event()

    def endless(request: Any, context: Any) -> Any:
        if request["series"] == ["Endless"]:
            began.set()
            try:
                context.engine.query(ENDLESS)
            except Cancelled:
                ended.set()
                raise
        return answer(request, context)

    monkeypatch.setattr(trend, "run", endless)
    with served(data) as url, begin(REMOTE, url, secret_key(data, "read")) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        assert began.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("[13]\n", "")
        assert ended.wait(30)


def test_what_does_not_end_at_once_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that does not ask whether it was called off is not waited for; no other thread is interrupted."""
    monkeypatch.setattr(waiting, "ENDS_SECONDS", 0.01)
    stuck, began = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        stuck.wait(30)

    def press() -> None:
        assert began.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's job in the background hears none
    try:
        with pytest.raises(KeyboardInterrupt):
            waiting.for_work(work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not stuck.is_set()
    stuck.set()


def test_errors_come_as_they_are() -> None:
    """What work raises is raised where it was asked for, in the main thread as in another."""
    with pytest.raises(bs.InvalidRequest, match="no way"):
        waiting.for_work(lambda: (_ for _ in ()).throw(bs.InvalidRequest("no way")).__next__())


def test_within_a_run_it_is_part_of_it() -> None:
    """A report that asks another, and work in other threads, go on where they are."""
    with Run() as run:
        assert waiting.for_work(lambda: (runs.current(), threading.current_thread())) == (
            run,
            threading.main_thread(),
        )


# ── Progress ────────────────────────────────────────────────────────────────────────────────────────────────


class Seen:
    """A screen that notes what it showed."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, float | None]] = []
        self.cleared = 0
        self.something = threading.Event()

    def show(self, words: str, share: float | None, seconds: float) -> None:
        self.shown.append((words, share))
        self.something.set()

    def clear(self) -> None:
        self.cleared += 1


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    """Somebody looks, and is shown at once."""
    screen = Seen()
    monkeypatch.setattr(progress, "screen", lambda: screen)
    monkeypatch.setattr(progress, "AFTER_SECONDS", 0.0)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.005)
    return screen


def test_a_statement_tells_how_far_it_is(seen: Seen) -> None:
    """The database's own measure is shown, never goes back, and is taken away in the end."""
    engine = Engine(threads=1)
    sql = "select sum(hash(a.range + b.range)) from range(20000) a join range(3000) b on a.range <> b.range"
    waiting.for_work(lambda: engine.query(sql))
    engine.close()
    shares = [share for words, share in seen.shown if words == "Counting" and share is not None]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
    assert seen.cleared == 1


def test_a_walk_tells_how_far_it_is(seen: Seen) -> None:
    """Work in parts counts them, whichever threads do it."""
    found: list[tuple[str, float | None]] = []

    def work() -> None:
        run = runs.current()
        assert run is not None
        list(runs.side_by_side(lambda _: found.append(run.stage()), range(4), 1, "Walking"))

    waiting.for_work(work)
    assert found == [("Walking", share / 4) for share in range(4)]


def test_what_is_short_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a second is over nothing is shown, so that nothing is to be taken away."""
    screen = Seen()
    monkeypatch.setattr(progress, "screen", lambda: screen)
    assert waiting.for_work(lambda: "answer") == "answer"
    with waiting.for_server():
        pass
    assert (screen.shown, screen.cleared) == ([], 0)


def test_a_server_is_waited_for(seen: Seen) -> None:
    """Of a server's work the time is told."""
    with waiting.for_server():
        assert seen.something.wait(20)
    assert (seen.shown[0], seen.cleared) == (("Waiting for the server", None), 1)


def test_it_can_be_turned_off(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`site.progress = False`: nobody even looks for a screen, in place and over HTTP."""
    asked: list[None] = []
    monkeypatch.setattr(progress, "screen", lambda: asked.append(None))
    with served(data) as url, bs.open(data) as local, bs.connect(url, secret_key(data, "read")) as remote:
        for site in (local, remote):
            asked.clear()
            site.progress = False
            site.trend({"on": "any"})
            assert asked == []
            site.progress = True
            site.trend({"on": "any"})
            assert asked == [None]


def test_nobody_looks_at_a_script() -> None:
    """Standard error that is a file or a pipe shows nothing, and IPython is not imported to find that out."""
    code = "import sys; from backsight import progress; print(progress.screen(), 'IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("None False\n", "")


@pytest.mark.parametrize(("term", "looks"), [("xterm-256color", True), ("dumb", False)])
def test_a_terminal_shows_one_line(term: str, looks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line is written again and again, no longer than the terminal is wide, and is gone in the end."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "20")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as stderr:  # noqa: PTH123  # a file descriptor
        monkeypatch.setattr(sys, "stderr", stderr)
        screen = progress.screen()
        assert (screen is not None) == looks
        if screen is not None:
            screen.show("Reading events", 0.25, 3.2)
            screen.show("", None, 4.0)
            screen.clear()
            written = b""
            while written.count(b"\x1b[2K") < 3:
                written += os.read(ours, 4096)
            lines = written.decode().split("\r\x1b[2K")
            assert lines == ["", "█████░░░░░░░░░░░░░░░  25% · Reading eve", "Working · 4 s", ""]
    os.close(ours)


def test_a_terminal_of_few_letters() -> None:
    """What its encoding can't say does not stop the answer."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    progress.Terminal(stream).show("Reading", 0.5, 1.0)
    stream.seek(0)
    assert " 50% ? Reading" in stream.read()


def test_a_terminal_that_was_closed() -> None:
    """A screen that fails is left, and the answer comes."""

    class Broken(Seen):
        def show(self, words: str, share: float | None, seconds: float) -> None:
            super().show(words, share, seconds)
            raise OSError("gone")

    screen = Broken()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "AFTER_SECONDS", 0.0)
        with progress.shown(screen, lambda: ("", None)):
            assert screen.something.wait(20)
    assert len(screen.shown) == 1


def test_stages_are_those_of_a_watched_run() -> None:
    """Nobody watches: nothing is kept. Stages within stages: the inner one is told, then the outer again."""
    with Run() as run, runs.stage("A", lambda: 0.5):
        assert run.stage() == ("", None)
    with Run(watched=True) as run, run.doing(Stage("A", lambda: 0.5)):
        with run.doing(Stage("B", lambda: None)):
            assert run.stage() == ("B", None)
        assert run.stage() == ("A", 0.5)


def test_walks_are_a_stage(seen: Seen) -> None:
    """A walk along timelines says what it does."""
    rows = pa.table({name: pa.array([1, 2]) for name in ("person", "place")})
    told: list[tuple[str, float | None]] = []

    def walk(_: object) -> None:
        run = runs.current()
        assert run is not None
        told.append(run.stage())

    waiting.for_work(lambda: Timelines(rows).map(walk))
    assert told == [("Following each person", 0.0)]
