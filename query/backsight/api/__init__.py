"""The query API over HTTP. `create_api` gives the application; docs/reference/http-api.md shows every
operation.
"""

from backsight.api.app import create_api

__all__ = ["create_api"]
