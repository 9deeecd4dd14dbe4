"""Writes configuration.md and cli.md from the code; a test holds them current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from backsight.cli import main
from backsight.config import SETTINGS, Setting

HERE = Path(__file__).parent
WIDTH = 100

CONFIGURATION = """\
# Configuration

Made by `docs/reference/generate.py` from `backsight.config`; do not edit.

Backsight reads its settings once, when a command starts: options of the command line over environment
variables over a TOML file over defaults. The file is the one that `BACKSIGHT_CONFIG` names, else
`backsight.toml` in the current folder, where there is one; its keys are the names below. An empty
variable counts as not set.

A value that can't be used stops the start, and so does a `BACKSIGHT_…` variable or a key that is none of
these: the message names it, and what would be valid.

```toml
port = 8400
data = "/var/lib/backsight"
origins = ["https://shop.example"]
```

| key | variable | default | valid | meaning |
| --- | --- | --- | --- | --- |
"""

CLI = """\
# Command line

Made by `docs/reference/generate.py` from `backsight.cli`; do not edit.

Every command ends with exit code 0; with 1 and one line on standard error where it could not do what it
was asked; with 2 where it did not understand what that was. Commands that ask read the data folder in
place, or with `--url` and a secret key a server; the answers are the same. Defaults of options in
brackets come from the [configuration](configuration.md).

A **step** is a named event's name, or a rule or step as a JSON object. A **predicate** (`--where`) is a
property, one of `=` `!=` `~` (contains) `!~` `>` `>=` `<` `<=`, and a value, or a JSON object; numbers,
`true`, `false` and quoted text are read as in JSON. **Rules** are JSON, or `@FILE`, or `@-` for standard
input.
"""


def configuration() -> str:
    """The page about settings."""
    return CONFIGURATION + "".join(map(_row, SETTINGS))


def command_line() -> str:
    """The page about commands: the help of each, as it is shown."""
    settings = {**main.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(main, info_name="backsight", **settings)
    return CLI + "".join(_sections(context))


def pages() -> dict[Path, str]:
    """Every generated page and what it should hold."""
    return {HERE / "configuration.md": configuration(), HERE / "cli.md": command_line()}


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    valid, meaning = setting.valid.replace("|", "\\|"), setting.meaning.replace("|", "\\|")
    return f"| `{setting.name}` | `{setting.variable}` | {default} | {valid} | {meaning} |\n"


def _sections(context: click.Context) -> Iterator[str]:
    yield f"\n## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _sections(type(context)(command, parent=context, info_name=name))


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
