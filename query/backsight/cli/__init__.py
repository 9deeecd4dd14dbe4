"""The command line, and the composition root: with `backsight.demo` the one place that knows both halves.

Every command group is a module of its own, imported when it is asked for, so that `backsight --help` and
`import backsight.cli` stay light.
"""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import Final

import click

from backsight.errors import BacksightError, nearest

__all__ = ["main"]

COMMANDS: Final = {
    "up": "serving",
    "collector": "serving",
    "committer": "committing",
    "query": "serving",
    "demo": "demo",
    "page": "page",
    "define": "define",
    "events": "events",
    "plan": "definitions",
    "apply": "definitions",
    "elements": "elements",
    "cohorts": "cohorts",
    "saved": "saved",
    "preview": "reports.preview",
    "funnel": "reports.funnel",
    "retention": "reports.retention",
    "trend": "reports.trend",
    "lifecycle": "reports.lifecycle",
    "stickiness": "reports.lifecycle",
    "paths": "reports.paths",
    "attribution": "reports.attribution",
    "signals": "reports.signals",
    "sql": "sql",
    "tail": "tail",
    "doctor": "doctor",
    "person": "person",
    "explain": "person",
    "persons": "persons",
    "sites": "sites",
    "keys": "keys",
    "audit": "audit",
    "identity": "identity",
    "import": "importing",
    "export": "exporting",
    "lake": "lake",
    "compact": "compact",
}
"""Every command, in the order of `--help`, and the module that holds it."""


class Commands(click.Group):
    """Finds commands by name; an error that Backsight raises on purpose is one line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        function = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command = getattr(import_module(f"backsight.cli.{COMMANDS[cmd_name]}"), function)
        assert isinstance(command, click.Command)  # noqa: S101  # the table above is ours
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            ctx.fail(f"there is no command {args[0]!r}: {nearest(args[0], COMMANDS, listed=20)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `backsight … | head`: click ends quietly
            raise
        except (BacksightError, OSError) as error:
            from backsight.results.tables import printable_lines

            # It may quote a file from a pull request, or what came from a page.
            raise click.ClickException(printable_lines(str(error))) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="backsight", message="backsight %(version)s")
def main() -> None:
    """Autocapture product analytics that binds late.

    Capture everything, name events afterwards, and ask for all of history.

    Settings come from BACKSIGHT_* variables, over backsight.toml, over defaults; options win over all.
    """
