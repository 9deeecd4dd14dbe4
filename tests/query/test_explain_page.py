"""The page about explanations: each command on it answers what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

import backsight as bs
from backsight.cli import main
from backsight.reports import explain
from shop_site import write_data

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "explain.md"
MODULES = Path(explain.__file__).parent


def test_examples(tmp_path: Path) -> None:
    """Every command on the page prints what the page shows."""
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    shown = re.findall(r"```sh\nbacksight (.*?)\n```\n\n```text\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert len(shown) == 2
    for command, expected in shown:
        answered = CliRunner().invoke(main, [*shlex.split(command), "--data", str(tmp_path)])
        assert answered.exit_code == 0, answered.output
        assert [line.rstrip() for line in answered.output.strip().splitlines()] == expected.splitlines()


def test_every_reason_is_on_the_page() -> None:
    """Whatever code an answer may give stands on the page."""
    text = PAGE.read_text()
    given = "\n".join(path.read_text() for path in MODULES.glob("*.py"))
    codes = re.findall(r"(?:passed_over|ignored|chosen)\(\s*\"(\w+)\"", given)
    assert len(set(codes)) > 40
    assert [code for code in codes if f"`{code}`" not in text] == []
