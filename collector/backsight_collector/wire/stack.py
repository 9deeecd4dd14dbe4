"""How deep JSON may nest depends on the stack that is left, which is not the same at the door and later.

Without this, the door could accept what the committer can't read back. Only a hostile body comes here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from backsight_collector.wire.rejections import MalformedBatch

T = TypeVar("T")


def on_a_whole_stack(read: Callable[[], T]) -> T:
    """What `read` gives in a new thread, where the stack is always the same. Raises what it raises, but
    MalformedBatch where even that stack does not suffice."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(read())
        except RecursionError:
            failures.append(MalformedBatch("the body nests too deep"))
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run, name="decode")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
