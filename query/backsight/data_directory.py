"""The data directory: a lake with an engine over it, the store, and the sites that stand in them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Final

from backsight.config import check_setting
from backsight.deletions import Deletions
from backsight.engine import Engine
from backsight.errors import InvalidRequest, NotFound, nearest, shown
from backsight.lake import Lake
from backsight.site import Site
from backsight.sites import require_site
from backsight.store import local_actor
from backsight.store.sqlite import SQLiteStore

DATABASE: Final = "backsight.sqlite"
LAKE: Final = "lake"


class DataDirectory:
    """What stands in one data directory, open: the lake, an engine over it, and the store.

    Raises NotFound where there is none. `threads` and `memory` (`"4GB"`) bound what reports take, with a
    ConfigurationError where they can't; `database` is the store's file, where it stands elsewhere.
    """

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        memory: str | None = None,
        database: Path | None = None,
    ) -> None:
        for name, value in (("threads", threads), ("memory", memory)):
            if value is not None:
                check_setting(name, value, name)
        self.path = Path(path).expanduser()
        self.store = SQLiteStore(_existing(self.path, database or self.path / DATABASE))
        self._lake = Lake(self.path / LAKE)
        self._engine = Engine(threads, memory)
        self.threads = self._engine.threads
        self._sites: dict[str, Site] = {}
        self._noticed = 0
        self._lock = Lock()

    def site(self, name: str) -> Site:
        """The site of that name, the same object every time. Raises NotFound."""
        with self._lock:
            if name not in self._sites:
                require_site(self.store, name)
                self._sites[name] = Site(name, self._lake, self._engine, self.store, local_actor("python"))
            return self._sites[name]

    def notice_deletions(self) -> bool:
        """Does what follows from deletions of persons that went on since the last time: nothing is kept for
        later questions, and what is done is told. Whether there was anything.
        """
        stamp = self._lake.deletions_stamp()
        if stamp == self._noticed:
            return False
        for site in self.store.sites():
            self.site(site.name).notice_deletions()
            Deletions(self.path / LAKE, self.store, site.name).settle()
        self._noticed = stamp
        return True

    def only_site(self) -> Site:
        """The one site there is. Raises NotFound where there is none, InvalidRequest where there are more."""
        names = [site.name for site in self.store.sites()]
        if not names:
            raise NotFound(
                f"{shown(str(self.path))} holds no site yet", field="site", valid="`backsight up` makes one"
            )
        if len(names) > 1:
            raise InvalidRequest("there are several sites; name one", field="site", valid=nearest("", names))
        return self.site(names[0])

    def close(self) -> None:
        """Lets go of the lake, the engine and the store."""
        self._engine.close()
        self.store.close()


def open_site(
    path: str | Path,
    site: str | None = None,
    threads: int | None = None,
    memory: str | None = None,
    database: Path | None = None,
) -> Site:
    """A site with its data directory, which closes with it; the only one there is where none is named."""
    directory = DataDirectory(path, threads, memory, database)
    with ExitStack() as stack:
        stack.callback(directory.close)
        opened = directory.only_site() if site is None else directory.site(site)
        opened.resources = stack.pop_all()
    return opened


def _existing(path: Path, database: Path) -> Path:
    """The database of a data directory that exists."""
    if not path.is_dir():
        what = "is not a directory" if path.exists() else "does not exist"
        raise NotFound(
            f"{shown(str(path))} {what}",
            field="path",
            value=str(path),
            valid="a directory that `backsight up` has made",
        )
    if not database.is_file():
        raise NotFound(
            f"{shown(str(path))} holds no {DATABASE}", field="path", value=str(path),
            valid="a directory that `backsight up` has made",
        )  # fmt: skip
    return database
