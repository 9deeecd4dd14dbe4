"""Writes configuration.md, cli.md and lake.md from the code; a test holds them current."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pyarrow as pa

from backsight import contract
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

LAKE = """\
# The lake's tables

Made by `docs/reference/generate.py` from `backsight.contract`; do not edit.

Five Delta tables of Parquet, in `lake/` of the data folder; deletion vectors and column mapping are off.
Every row belongs to a `site`. Partition columns stand in the folders' names
(`lake/events/site=main/date=2026-10-01/…`), not in the files. All instants are UTC, in microseconds.
Numbers that stand for something else (`device`, `user`, `session`, `page`, `node_id`, `element_id`) are
64-bit hashes, signed; the id that a `user` or `device` had on the site is in `statements`. A file that is
older than a column lacks it: there it is null.

How to read them with other tools: [read the lake](../how-to/read-the-lake.md). Why each row is there once:
[exactly once](../explanation/exactly-once.md).
"""

TABLES = {
    "events": "One row a raw event. `page` and `sequence` are its identity: together they occur once.",
    "nodes": "One row an element in its place within a document, a shadow root or a detached tree.",
    "elements": "One row a tag with its kept attributes, wherever it stands.",
    "statements": "One row a line about who is who. [Persons](../explanation/persons.md) follow from these.",
    "dead_letters": "One row something that was refused, and why; nothing is dropped without one.",
}
TYPES = {
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "instant",
    "map<string, string>": "map of text to text",
    "string": "text",
}
MEANT = {
    "EventType": contract.EventType,
    "StatementKind": contract.StatementKind,
    "Reason": contract.Reason,
    "one of NAMESPACES": contract.NAMESPACES,
}
"""Comments that name a closed list."""
FIELD = re.compile(
    r'(?:_required|pa\.field)\(\s*"(\w+)".*?\),(?:[ ]*#[ ]*([^\n]*))?$', re.MULTILINE | re.DOTALL
)
COLUMNS = "\n| column | type | |\n| --- | --- | --- |\n"


def configuration() -> str:
    """The page about settings."""
    return CONFIGURATION + "".join(map(_row, SETTINGS))


def command_line() -> str:
    """The page about commands: the help of each, as it is shown."""
    settings = {**main.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(main, info_name="backsight", **settings)
    return CLI + "".join(_sections(context))


def lake() -> str:
    """The page about the lake's tables: what the schemas say, and the comments beside their columns."""
    return LAKE + "".join(line for name in contract.TABLES for line in _table(name))


def pages() -> dict[Path, str]:
    """Every generated page and what it should hold."""
    return {
        HERE / "configuration.md": configuration(),
        HERE / "cli.md": command_line(),
        HERE / "lake.md": lake(),
    }


def _row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    valid, meaning = setting.valid.replace("|", "\\|"), setting.meaning.replace("|", "\\|")
    return f"| `{setting.name}` | `{setting.variable}` | {default} | {valid} | {meaning} |\n"


def _table(name: str) -> Iterator[str]:
    partitions = " and ".join(f"`{column}`" for column in contract.PARTITIONS[name])
    yield f"\n## `{name}`\n\n{TABLES[name]} Partitioned by {partitions}.\n{COLUMNS}"
    said = _comments(name)
    for field in contract.TABLES[name]:
        comment = said[field.name].replace("|", "\\|")
        yield f"| `{field.name}` | {_kind(field)} | {comment} |\n"


def _kind(field: pa.Field) -> str:
    kind = TYPES.get(str(field.type), str(field.type))
    return f"{kind} or null" if field.nullable else kind


def _comments(table: str) -> dict[str, str]:
    """What the contract's source says beside each column of a table."""
    source = Path(contract.__file__).read_text("utf-8")
    schema = source.split(f"\n{table.upper()}: Final = pa.schema(", 1)[1].split("\n)\n", 1)[0]
    return {name: _said(comment) for name, comment in FIELD.findall(schema)}


def _said(comment: str) -> str:
    listed = MEANT.get(comment)
    return f"one of {', '.join(f'`{value}`' for value in listed)}" if listed else comment


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
