"""Deleting persons everywhere, in Python."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from backsight.deletions import Deletion

Json = Mapping[str, Any]

LOOK_SECONDS: Final = 0.25
"""How often it is asked whether a deletion is done."""


class DeletionDoor(Protocol):
    """Where requests about deletions are taken, and answered as by the API: the data folder, or a server."""

    def delete(self, body: Json) -> Json: ...
    def preview(self, body: Json) -> Json: ...
    def list(self) -> Json: ...
    def read(self, deletion: str) -> Json: ...


class DeletionQuestions(ABC):
    """Who is to be deleted, and what became of it; over HTTP for a key with scope `admin`."""

    def delete_person(self, *persons: str | Json, wait: bool = True) -> Deletion:
        """Deletes everything of these persons, everywhere and for good; up to 10,000 at a time.

        Each is named as `person` takes it: by a row of a list of persons or its `person`, by `"user:ID"`, or
        `"device:ID"`, which stands for the person behind it. What they do from now on is stored, as somebody
        new. With `wait` it returns when nothing is left, else as soon as it is certain to happen.
        Raises NotFound where somebody is unknown; nobody is deleted then.
        """
        deletion = self._deletion_of(self._deletion_door().delete(_named(persons)))
        while wait and not deletion.is_done:
            time.sleep(LOOK_SECONDS)
            deletion = self.deletion(deletion.deletion)
        return deletion

    def preview_deletion(self, *persons: str | Json) -> Json:
        """What a deletion of these persons would take away; nothing is done.

        `persons` (the first 100, by name), `persons_total`, rows by table in `tables`, `first_seen`,
        `last_seen`, and `unknown`: those of whom there is nothing.
        """
        return self._deletion_door().preview(_named(persons))

    def deletions(self) -> list[Deletion]:
        """All deletions of the site, the newest first."""
        return [self._deletion_of(each) for each in self._deletion_door().list()["deletions"]]

    def deletion(self, deletion: str) -> Deletion:
        """One deletion as it stands now, by its id. Raises NotFound."""
        return self._deletion_of(self._deletion_door().read(deletion))

    @staticmethod
    def _deletion_of(said: Json) -> Deletion:
        from backsight.deletions import Deletion

        return Deletion.from_json(said)

    @abstractmethod
    def _deletion_door(self) -> DeletionDoor:
        """Where requests about deletions go."""


def _named(persons: tuple[str | Json, ...]) -> Json:
    from backsight.results.person import who

    return {"persons": [who(each) for each in persons]}
