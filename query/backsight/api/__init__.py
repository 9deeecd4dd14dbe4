"""The query API over HTTP. `create_api` gives the application; docs/reference/http-api.md shows every
operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsight.api.app import create_api

__all__ = ["create_api"]


def __getattr__(name: str) -> Any:
    # Late, as the schemas below serve also where no server is installed.
    if name != "create_api":
        raise AttributeError(name)
    from backsight.api.app import create_api

    return create_api
