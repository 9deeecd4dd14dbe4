"""The collector's errors as a command line shows them: it can't raise Backsight's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def of_the_collector() -> Iterator[None]:
    """Turns what the journal and the lake raise on purpose into one line and exit code 1."""
    from backsight_collector.journal.writer import JournalError
    from backsight_collector.lake.errors import LakeError

    try:
        yield
    except (JournalError, LakeError) as error:
        raise click.ClickException(str(error)) from error
