"""Requests about keys, links and deletions, taken to a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backsight.remote.connection import path_of


@dataclass(frozen=True)
class RemoteDeletions:
    """Requests about deletions, taken to a server."""

    ask: Callable[..., Any]

    def delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/deletions", body)

    def preview(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/deletions/preview", body)

    def list(self) -> Mapping[str, Any]:
        return self._answered("GET", "/v1/deletions")

    def read(self, deletion: str) -> Mapping[str, Any]:
        return self._answered("GET", path_of(deletion, "deletions"))

    def _answered(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.ask(method, path, body)
        return answer


@dataclass(frozen=True)
class RemoteKeys:
    """Requests about keys, taken to a server."""

    ask: Callable[..., Any]

    def list(self) -> Mapping[str, Any]:
        return self._answered("GET", "/v1/keys")

    def create(self, body: object) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/keys", body)

    def change(self, key_id: str, body: object) -> Mapping[str, Any]:
        return self._answered("PATCH", path_of(key_id, "keys"), body)

    def rotate(self, key_id: str, body: object) -> Mapping[str, Any]:
        return self._answered("POST", f"{path_of(key_id, 'keys')}/rotate", body)

    def revoke(self, key_id: str) -> Mapping[str, Any]:
        return self._answered("DELETE", path_of(key_id, "keys"))

    def _answered(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.ask(method, path, body)
        return answer


@dataclass(frozen=True)
class RemoteLinks:
    """Requests about links to saved reports, taken to a server."""

    ask: Callable[..., Any]

    def create(self, name: str, body: object) -> Mapping[str, Any]:
        return self._answered("POST", f"{path_of(name, 'saved')}/links", body)

    def list(self, name: str) -> Mapping[str, Any]:
        return self._answered("GET", f"{path_of(name, 'saved')}/links")

    def revoke(self, name: str, link_id: str) -> Mapping[str, Any]:
        links = f"{path_of(name, 'saved')}/links".removeprefix("/v1/")
        return self._answered("DELETE", path_of(link_id, links))

    def _answered(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.ask(method, path, body)
        return answer
