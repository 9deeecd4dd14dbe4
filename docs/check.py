"""Run every example of the README and of docs/ against a real server with the demo's data.

In a fenced block, `python` is executed (one namespace a page), each `$ ` line of `console` is run by bash,
and `json` must parse. A command that another step of CI runs, or that would not end, stands in ELSEWHERE
and is counted apart.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = tuple(
    "make |pip install|git |npm |python -m bench|export BACKSIGHT|backsight up|backsight demo|"
    "backsight collector|backsight committer|backsight query".split("|")
)
FENCE = re.compile(r"^```(\w+)?[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass
class Block:
    """One fenced block: where it stands, in which language, and its text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """`docs/page.md:12`."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks() -> Iterator[Block]:
    """Every fenced block of every page, in order."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text()
        for found in FENCE.finditer(text):
            yield Block(page, text.count("\n", 0, found.start()) + 1, found[1] or "text", found[2])


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


class Server:
    """The demo's data behind a real server: where it answers, and with which keys."""

    def __init__(self, folder: Path, facts: dict[str, str]) -> None:
        self.folder, self.url, self.secret, self.write = (
            folder,
            facts["url"],
            facts["secret_key"],
            facts["write_key"],
        )

    def filled(self, text: str) -> str:
        """An example with this server's address and keys in the places of the documented ones."""
        text = re.sub(r"https?://(127\.0\.0\.1:8400|localhost:8400|…)", self.url, text)
        return text.replace("sk_…", self.secret).replace("wk_…", self.write)

    @property
    def environment(self) -> dict[str, str]:
        """What a reader who followed the tutorial has in the shell."""
        path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "BACKSIGHT_SECRET_KEY": self.secret}


@contextmanager
def serving() -> Iterator[Server]:
    """A server over replayed demo traffic, in a folder where `./backsight-data` is its data."""
    with tempfile.TemporaryDirectory(prefix="backsight-docs-") as name:
        folder = Path(name)
        command = [
            sys.executable,
            "-m",
            "backsight.demo.serve",
            str(folder / "backsight-data"),
            "--devices",
            "300",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
            try:
                assert process.stdout
                yield Server(folder, json.loads(process.stdout.readline()))
            finally:
                process.terminate()


def run_python(block: Block, server: Server, names: dict[str, object]) -> None:
    """Execute a block in its page's namespace."""
    exec(compile(server.filled(block.text), block.place, "exec"), names)


def run_console(block: Block, server: Server) -> tuple[int, int]:
    """Run a console block's commands; how many were run, and how many stand in ELSEWHERE."""
    ran = left = 0
    for command in commands(block.text):
        if command.startswith(ELSEWHERE):
            left += 1
            continue
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", server.filled(command)],
            cwd=server.folder,
            env=server.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        problem = re.search(r'"status":\s*[45]\d\d', done.stdout)
        if done.returncode or problem:
            raise RuntimeError(
                f"{command}\nexit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        ran += 1
    return ran, left


def main() -> int:
    """Run them all; print each failure with its place, and what was run."""
    failed = ran = elsewhere = 0
    names: dict[Path, dict[str, object]] = {}
    with serving() as server:
        os.chdir(server.folder)
        for block in blocks():
            try:
                if block.language == "python":
                    run_python(block, server, names.setdefault(block.page, {"__name__": "example"}))
                    ran += 1
                elif block.language == "console":
                    done, left = run_console(block, server)
                    ran, elsewhere = ran + done, elsewhere + left
                elif block.language == "json":
                    json.loads(block.text)
                    ran += 1
            except Exception:
                failed += 1
                print(f"FAILED {block.place}\n{traceback.format_exc(limit=-2)}", file=sys.stderr)
    print(f"docs' examples: {ran} ran, {failed} failed; {elsewhere} set-up commands are run by other steps")
    return int(bool(failed) or not ran)


if __name__ == "__main__":
    raise SystemExit(main())
