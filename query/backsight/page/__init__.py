"""The page at `/`: files that the API serves as they are, built from `page/` at the root of the repository.

The HTML holds nothing of any site: what it shows, it asks the API for, with a key that its reader brings.
"""

from __future__ import annotations

from importlib.resources import files

__all__ = ["read_files"]


def read_files() -> dict[str, bytes]:
    """The built files, by name."""
    folder = files(__package__).joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
