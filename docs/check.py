"""Run every example of the README and of docs/, and follow every link from one file to another.

In a fenced block, `python` is executed (one namespace a page), each `$ ` line of `console` is run by bash,
and `json` must parse; one with a `title="name.sql"` stands as a file of that name where the page's commands
run. Each page has a server of its own over a fresh copy of the demo's data, so that no page leans on what
another has named. A command that another step of CI runs, or that would not end, stands in ELSEWHERE and is
counted apart. (The `sh` blocks of docs/reference/http-api.md are run by tests/query/test_http_examples.py,
which holds the answers against the page too.) What needs something that CI lacks is fenced as `py` or `sh`,
and the page says so.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
DATA = "backsight-data"
ELSEWHERE = tuple(
    "make |pip install|git |npm |python -m bench|export BACKSIGHT|backsight up|backsight demo|"
    "backsight collector|backsight committer|backsight query".split("|")
)
FENCE = re.compile(r"^```(\w+)?([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
TITLE = re.compile(r'\btitle="([\w-]+\.\w+)"')
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@dataclass
class Block:
    """One fenced block: where it stands, in which language, its text, and the name of the file that it is."""

    page: Path
    line: int
    language: str
    text: str
    file: str | None

    @property
    def place(self) -> str:
        """`docs/page.md:12`."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass
class Server:
    """The demo's data behind a real server: the folder above `backsight-data`, address and keys."""

    folder: Path
    url: str
    secret_key: str
    write_key: str

    def filled(self, text: str) -> str:
        """An example with this server's address and keys in the places of the documented ones."""
        text = re.sub(r"https?://(127\.0\.0\.1:8400|localhost:8400|…)", self.url, text)
        return text.replace("sk_…", self.secret_key).replace("wk_…", self.write_key)

    @property
    def environment(self) -> dict[str, str]:
        """What a reader who followed the page has in the shell."""
        path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "BACKSIGHT_SECRET_KEY": self.secret_key}


# ── What stands on the pages ────────────────────────────────────────────────────────────────────────────────


def pages() -> list[Path]:
    """The README and every page of docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """A page's fenced blocks, in order."""
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1] or "text", found[3], _file(found[2]))
        for found in FENCE.finditer(text)
    ]


def _file(said: str) -> str | None:
    title = TITLE.search(said)
    return title[1] if title else None


def links(page: Path) -> list[Path]:
    """The files and folders that a page links to."""
    return [page.parent / link for link in LINK.findall(FENCE.sub("", page.read_text("utf-8")))]


def commands(text: str) -> Iterator[str]:
    """The commands of a console block: lines after `$ `, with the lines that continue them."""
    current: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            if current:
                yield "\n".join(current)
            current = [line[2:]]
        elif current and (current[-1].endswith("\\") or "\n".join(current).count("'") % 2):
            current.append(line)
    if current:
        yield "\n".join(current)


# ── Running them ────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server over the demo's data in a folder, which is filled where there are none yet."""
    command = [sys.executable, "-m", "backsight.demo.serve", str(folder / DATA), "--devices", "300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            assert process.stdout
            yield Server(folder, **json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def run_python(block: Block, server: Server, names: dict[str, object]) -> None:
    """Execute a block in its page's namespace; what it prints is not shown."""
    with redirect_stdout(io.StringIO()):
        exec(compile(server.filled(block.text), block.place, "exec"), names)


def run_command(command: str, server: Server) -> None:
    """Run a shell command as a reader would; raises where it fails, or prints a problem document."""
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", server.filled(command)],
        cwd=server.folder,
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode or re.search(r'"status":\s*[45]\d\d', done.stdout):
        raise RuntimeError(f"{command}\nexit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


class Check:
    """Goes through the pages and counts what held (`ran`), what `failed` and what is run `elsewhere`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def page(self, page: Path, data: Path, folder: Path) -> None:
        """Everything on one page; examples that need a server have one over a copy of `data`."""
        for link in links(page):
            self._try(f"{page.relative_to(ROOT)}: the link to {link}", partial(link.resolve, strict=True))
        found = blocks(page)
        for block in found:
            if block.language == "json":
                self._try(block.place, partial(json.loads, block.text))
        for block in found:
            if block.file:
                (folder / block.file).write_text(block.text, "utf-8")
        examples = [block for block in found if block.language in {"python", "console"}]
        if examples:
            shutil.copytree(data, folder / DATA)
            with serving(folder) as server, chdir(folder):
                self._examples(examples, server)

    def _examples(self, examples: list[Block], server: Server) -> None:
        names: dict[str, object] = {"__name__": "example"}
        for block in examples:
            if block.language == "python":
                self._try(block.place, partial(run_python, block, server, names))
                continue
            for command in commands(block.text):
                if command.startswith(ELSEWHERE):
                    self.counts["elsewhere"] += 1
                else:
                    self._try(block.place, partial(run_command, command, server))

    def _try(self, place: str, what: Callable[[], object]) -> None:
        try:
            what()
            self.counts["ran"] += 1
        except Exception:
            self.counts["failed"] += 1
            print(f"FAILED {place}\n{traceback.format_exc(limit=-2)}", file=sys.stderr)


def main() -> int:
    """Check all pages; print each failure with its place, and what was run."""
    check = Check()
    with tempfile.TemporaryDirectory(prefix="backsight-docs-") as name:
        filled = Path(name) / "filled"
        filled.mkdir()
        with serving(filled):
            pass  # it has ended before anything is copied
        for number, page in enumerate(pages()):
            folder = Path(name) / str(number)
            folder.mkdir()
            check.page(page, filled / DATA, folder)
    ran, failed, elsewhere = (check.counts[key] for key in ("ran", "failed", "elsewhere"))
    print(
        f"docs: {ran} examples and links hold, {failed} do not; {elsewhere} commands are run by other steps"
    )
    return int(bool(failed) or not ran)


if __name__ == "__main__":
    raise SystemExit(main())
