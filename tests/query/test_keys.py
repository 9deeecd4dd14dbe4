"""Keys: who may write, who may ask, and what of a secret is kept."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backsight.contract import WriteKey
from backsight.errors import Conflict, InvalidRequest, NotFound, Refused
from backsight.keys import DEFINER_TOKEN, SECRET_KEY, WRITE_KEY, Key, Keys, LiveWriteKeys
from backsight.keys.key import listed
from backsight.sites import create_site
from backsight.store import AuditLine
from backsight.store.sqlite import SQLiteStore

AUDIT = AuditLine(datetime.now(UTC), "test", "test", "shop", "test")
FIXED_SECRET = "sk_" + "f" * 40


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "backsight.sqlite") as store:
        create_site(store, "shop", "test")
        create_site(store, "blog", "test")
        yield store


@pytest.fixture
def keys(store: SQLiteStore) -> Keys:
    return Keys(store)


def site_of(keys: Keys, write_key: str) -> str | None:
    """The site that the collector would write to."""
    opened = LiveWriteKeys(keys)(write_key)
    return opened and opened.site


def test_a_write_key_leads_to_its_site(keys: Keys) -> None:
    """Each write key writes to one site, can be shown again, and is no secret key."""
    made = keys.create_write("shop", "ada", "web")
    assert WRITE_KEY.fullmatch(made.key)
    assert site_of(keys, made.key) == "shop"
    assert [key.shown for key in keys.list("shop")] == [made.key]
    with pytest.raises(Refused):
        keys.authenticate(made.key)


def test_of_a_secret_only_its_hash_is_kept(tmp_path: Path, store: SQLiteStore, keys: Keys) -> None:
    """The secret stands nowhere in the database's files; its SHA-256 does."""
    made = keys.create_secret("shop", ["read"], "ada")
    assert SECRET_KEY.fullmatch(made.key)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert made.key.encode() not in kept
    assert made.key[3:].encode() not in kept
    assert sha256(made.key.encode()).hexdigest().encode() in kept
    assert [key.shown for key in keys.list()] == [None]


@pytest.mark.parametrize(
    ("made_with", "may"),
    [
        (["read"], {"read"}),
        (["define"], {"read", "define"}),
        (["admin"], {"read", "define", "admin"}),
        (["read", "admin"], {"read", "define", "admin"}),
    ],
)
def test_a_scope_includes_those_before_it(keys: Keys, made_with: list[str], may: set[str]) -> None:
    """read < define < admin; `require` refuses the rest, naming the scope that is missing."""
    made = keys.create_secret("shop", made_with, "ada")
    principal = keys.authenticate(made.key)
    assert (principal.site, set(principal.scopes), principal.key_id) == ("shop", may, made.key_id)
    for scope in may:
        principal.require(scope)
    for scope in {"read", "define", "admin"} - may:
        with pytest.raises(Refused, match=f"has no scope '{scope}'"):
            principal.require(scope)


def test_a_revoked_key_opens_nothing(keys: Keys) -> None:
    """After its revocation a key is as unknown as one that never was; others of the site still work."""
    write, secret = keys.create_write("shop", "ada"), keys.create_secret("shop", ["read"], "ada")
    other = keys.create_write("shop", "ada")
    keys.revoke(write.key_id, "bob")
    keys.revoke(secret.key_id, "bob")
    keys.revoke(secret.key_id, "bob")
    assert (site_of(keys, write.key), site_of(keys, other.key)) == (None, "shop")
    with pytest.raises(Refused, match="unknown, expired or revoked"):
        keys.authenticate(secret.key)


@pytest.mark.parametrize(
    "key",
    ["", "sk_", "sk_" + "0" * 40, "wk_" + "0" * 40, "sk_\ud800" + "0" * 40, "' or 1=1", "sk_" + "x" * 9_999],
)
def test_what_is_no_key_opens_nothing(keys: Keys, key: str) -> None:
    """Unknown, malformed and hostile keys are refused alike, and the message does not repeat them."""
    keys.create_secret("shop", ["admin"], "ada")
    assert site_of(keys, key) is None
    with pytest.raises(Refused) as refused:
        keys.authenticate(key)
    assert (
        str(refused.value) == "key: the secret key is unknown, expired or revoked. Valid: a secret key, sk_…."
    )


def test_changes_of_keys_are_audited_without_the_key(store: SQLiteStore, keys: Keys) -> None:
    """Creation and revocation stand in the audit trail under the key's id; the key itself does not."""
    made = keys.create_secret("shop", ["define", "read"], "ada", "notebook")
    keys.revoke(made.key_id, "bob")
    lines = store.audit_lines("shop", 2)
    assert [(line.actor, line.action, line.subject) for line in lines] == [
        ("bob", "key.revoke", made.key_id),
        ("ada", "key.create", made.key_id),
    ]
    assert json.loads(lines[1].detail) == {
        "kind": "secret", "scopes": ["read", "define"], "label": "notebook", "expires": None,
    }  # fmt: skip
    assert made.key not in repr(lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scopes": ["reed"]}, "did you mean 'read'"),
        ({"scopes": []}, "needs a scope"),
        ({"scopes": ["read"], "label": "a\nb"}, "control characters"),
        ({"scopes": ["read"], "label": "x" * 201}, "up to 200 characters"),
        ({"scopes": ["read"], "key": "sk_short"}, "24 to 128"),
    ],
)
def test_a_key_that_cannot_be_made_says_why(keys: Keys, arguments: dict[str, object], message: str) -> None:
    """Wrong scopes, labels and shapes are refused with what would be valid, and nothing is kept."""
    with pytest.raises(InvalidRequest, match=message):
        keys.create_secret("shop", actor="ada", **arguments)  # type: ignore[arg-type]
    assert keys.list() == []


def test_an_unknown_key_id_is_named_with_the_nearest(keys: Keys) -> None:
    """Revoking a mistyped id says which one was probably meant."""
    made = keys.create_write("shop", "ada")
    with pytest.raises(NotFound, match=f"did you mean '{made.key_id}'"):
        keys.revoke(made.key_id[:-1] + "x", "ada")


def test_a_deployment_can_bring_its_own_keys(keys: Keys) -> None:
    """A fixed key is kept at the first start and left alone at the next; a fixed secret may do everything."""
    for _ in range(2):
        keys.ensure("shop", "wk_public-and-fixed", "start")
        keys.ensure("shop", FIXED_SECRET, "start")
    assert len(keys.list()) == 2
    assert site_of(keys, "wk_public-and-fixed") == "shop"
    assert keys.authenticate(FIXED_SECRET).scopes == {"read", "define", "admin"}


@pytest.mark.parametrize(("site", "message"), [("shop", "was revoked"), ("blog", "belongs to site 'shop'")])
def test_a_fixed_key_does_not_undo_what_was_decided(keys: Keys, site: str, message: str) -> None:
    """A revoked key stays revoked and a key keeps its site, whatever the configuration says."""
    keys.ensure("shop", FIXED_SECRET, "start")
    if site == "shop":
        keys.revoke(keys.list()[0].key_id, "ada")
    with pytest.raises(Conflict, match=message) as refused:
        keys.ensure(site, FIXED_SECRET, "start")
    assert FIXED_SECRET not in str(refused.value)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_live_write_keys_follow_the_store_within_their_time(keys: Keys) -> None:
    """A revoked key takes its leave once the time is over, and not by being asked for."""
    clock = Clock()
    live = LiveWriteKeys(keys, 1.0, 0.1, clock)
    made = keys.create_write("shop", "ada")
    assert live(made.key) == WriteKey("shop")
    keys.revoke(made.key_id, "ada")
    assert live(made.key) == WriteKey("shop")
    clock.now = 1.0
    assert live(made.key) is None


def test_a_key_made_a_moment_ago_is_known(keys: Keys) -> None:
    """A new key need not wait for the time to be over: the first batch of a new site is not turned away."""
    clock = Clock()
    live = LiveWriteKeys(keys, 1.0, 0.1, clock)
    assert live("wk_unknown0") is None
    made = keys.create_write("shop", "ada")
    clock.now = 0.2
    assert live(made.key) == WriteKey("shop")


def test_unknown_keys_do_not_reach_the_store(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many unknown keys arrive, the store is read no more than once in its time."""
    reads: list[None] = []
    read = keys.list

    def counted(**asked: Any) -> list[Key]:
        reads.append(None)
        return read(**asked)

    monkeypatch.setattr(keys, "list", counted)
    clock = Clock()
    live = LiveWriteKeys(keys, 1.0, 0.1, clock)
    for number in range(1_000):
        assert live(f"wk_{number:040}") is None
    clock.now = 0.15
    assert live("wk_x") is None
    assert len(reads) == 2


# ── Definer's tokens ────────────────────────────────────────────────────────────────────────────────────────

PAGE = "https://shop.example"


def in_minutes(minutes: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def test_the_collector_reads_no_keys_but_its_own(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many links to the definer were made, what every second is read are the write keys."""
    key = keys.create_write("shop", "ada").key
    for _ in range(3):
        keys.create_definer("shop", "https://shop.example", datetime.now(UTC) + timedelta(hours=1), "ada")
    read: list[str] = []
    monkeypatch.setattr("backsight.keys.keys.listed", lambda kept: read.append(kept.kind) or listed(kept))
    assert LiveWriteKeys(keys)(key) is not None
    assert read == ["write"]


def test_a_definers_token_defines_on_pages_of_one_origin_for_its_time(keys: Keys) -> None:
    """A token speaks for its site, its origin and the scopes of a definer until it expires."""
    made = keys.create_definer("shop", PAGE, in_minutes(5), "ada")
    assert DEFINER_TOKEN.fullmatch(made.key)
    principal = keys.authenticate(made.key)
    assert (principal.site, principal.origin, set(principal.scopes)) == ("shop", PAGE, {"read", "define"})
    left = principal.expires - datetime.now(UTC) if principal.expires else timedelta()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert keys.origin_of(made.key) == PAGE
    assert (keys.has_origin(PAGE), keys.has_origin("https://blog.example")) == (True, False)
    assert site_of(keys, made.key) is None


@pytest.mark.parametrize("how", ["expired", "revoked", "pruned", "never made", "with a slip of the pen"])
def test_a_token_that_no_longer_holds_opens_nothing(keys: Keys, how: str) -> None:
    """Whatever became of a token, it is refused in the same words, and the message does not repeat it."""
    made = keys.create_definer("shop", PAGE, in_minutes(0 if how in {"expired", "pruned"} else 5), "ada")
    token = made.key
    if how == "revoked":
        keys.revoke(made.key_id, "bob")
    elif how == "pruned":
        assert keys.prune("shop", "bob") == 1
    elif how == "never made":
        token = "dt_" + "0" * 40
    elif how == "with a slip of the pen":
        token += "!"
    with pytest.raises(Refused, match="unknown, expired or revoked") as refused:
        keys.authenticate(token)
    assert token not in str(refused.value)


def test_of_a_token_only_its_hash_is_kept(tmp_path: Path, keys: Keys) -> None:
    """The token stands nowhere in the database's files, its audit line says for whom and how long it was."""
    made = keys.create_definer("shop", PAGE, in_minutes(5), "ada")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert made.key[3:].encode() not in kept
    assert sha256(made.key.encode()).hexdigest().encode() in kept


def test_tokens_are_told_apart_and_audited(store: SQLiteStore, keys: Keys) -> None:
    """A token is listed as such, with its origin and its end; its audit line says the same."""
    made = keys.create_definer("shop", PAGE, in_minutes(5), "k_1")
    (listed,) = keys.list("shop")
    assert (listed.kind, listed.shown, listed.origin) == ("definer", None, PAGE)
    (line,) = store.audit_lines("shop", 1)
    assert (line.actor, line.action, line.subject) == ("k_1", "key.create", made.key_id)
    detail = json.loads(line.detail)
    assert (detail["kind"], detail["origin"]) == ("definer", PAGE)
    assert datetime.fromisoformat(detail["expires"]) == listed.expires


def test_pruning_forgets_expired_tokens_of_the_site_alone(store: SQLiteStore, keys: Keys) -> None:
    """Live tokens, keys and what belongs to another site stay; nothing to prune leaves no audit line."""
    live = keys.create_definer("shop", PAGE, in_minutes(5), "ada")
    secret = keys.create_secret("shop", ["read"], "ada")
    expired = [keys.create_definer(site, PAGE, in_minutes(0), "ada") for site in ("shop", "shop", "blog")]
    assert [keys.prune("shop", "bob") for _ in range(2)] == [2, 0]
    assert {key.key_id for key in keys.list()} == {live.key_id, secret.key_id, expired[2].key_id}
    assert [line.action for line in store.audit_lines("shop")].count("key.prune") == 1


def test_a_revoked_key_takes_its_tokens_along(store: SQLiteStore, keys: Keys) -> None:
    """Whoever loses a key loses the tokens made with it, at once, and leaves none behind; others stay."""
    lost, kept = (keys.create_secret("shop", ["define"], "ada") for _ in range(2))
    made = [keys.create_definer("shop", PAGE, in_minutes(5), key.key_id) for key in (lost, lost, kept)]
    assert {key.maker for key in keys.list("shop")} == {"ada", lost.key_id, kept.key_id}
    assert [keys.revoke(lost.key_id, "bob") for _ in range(2)] == [3, 0]
    for token in made[:2]:
        with pytest.raises(Refused, match="unknown, expired or revoked"):
            keys.authenticate(token.key)
    assert keys.authenticate(made[2].key).key_id == made[2].key_id
    with pytest.raises(Conflict, match="was revoked"):
        keys.create_definer("shop", PAGE, in_minutes(5), lost.key_id)
    assert [line.action for line in store.audit_lines("shop")].count("key.revoke") == 1


# ── Keys that end, and what is set of them ──────────────────────────────────────────────────────────────────


def test_a_key_ends_by_itself(keys: Keys, store: SQLiteStore) -> None:
    """From its end on a key is as unknown as a revoked one, to API and collector; a new end revives it."""
    write = keys.create_write("shop", "ada")
    secret = keys.create_secret("shop", ["read"], "ada")
    live = LiveWriteKeys(keys, 0.0, 0.0)
    assert live(write.key) is not None
    for made in (write, secret):
        ended = replace(store.key_with_id(made.key_id), expires=datetime.now(UTC))  # type: ignore[type-var]
        store.change_key(made.key_id, lambda _, ended=ended: (ended, AUDIT))  # type: ignore[misc]
    assert live(write.key) is None
    with pytest.raises(Refused, match="expired"):
        keys.authenticate(secret.key)
    keys.change(secret.key_id, {"expires": "1d"}, "ada")
    assert keys.authenticate(secret.key).key_id == secret.key_id


def test_what_a_write_key_opens_is_what_was_set(keys: Keys) -> None:
    """The collector is told origins, rate and whom the key is for, as they stand."""
    settings = {
        "origins": ["https://b.example", "https://a.example"],
        "events_per_second": 5,
        "pages_only": True,
    }
    made = keys.create_write("shop", "ada", settings=settings)
    live = LiveWriteKeys(keys, 0.0, 0.0)
    assert live(made.key) == WriteKey(
        "shop", frozenset({"https://a.example", "https://b.example"}), 5.0, True
    )
    keys.change(made.key_id, {"origins": [], "events_per_second": None, "pages_only": False}, "ada")
    assert live(made.key) == WriteKey("shop")


def test_uses_are_noted_once_an_hour(keys: Keys, store: SQLiteStore) -> None:
    """A key that is used often is written about once; a store that fails lets the key in all the same."""
    made = keys.create_secret("shop", ["read"], "ada")
    keys.authenticate(made.key)
    (listed,) = keys.list()
    assert listed.last_used == datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("create trigger no_notes before update on keys begin select raise(abort, 'no'); end")
    keys.authenticate(made.key)
    other = keys.create_secret("shop", ["read"], "ada")
    assert keys.authenticate(other.key).key_id == other.key_id


def test_a_thread_is_told_which_write_keys_were_used(keys: Keys) -> None:
    """Uses since the last look are told once an hour, by the key's id; keys that nobody used are not."""
    clock, told, seen = Clock(), [], threading.Event()

    def note(key_ids: Collection[str]) -> None:
        told.append(list(key_ids))
        seen.set()

    used, _ = keys.create_write("shop", "ada"), keys.create_write("shop", "ada")
    live = LiveWriteKeys(keys, 1.0, 0.1, clock, note)
    for second in range(4):
        clock.now = float(second)
        assert live(used.key) is not None
    assert seen.wait(10)
    assert told == [[used.key_id]]


def test_the_same_again_is_no_change(keys: Keys, store: SQLiteStore) -> None:
    """What is set as it is already leaves no audit line."""
    made = keys.create_write("shop", "ada", settings={"origins": ["https://a.example"]})
    before = store.audit_lines()
    keys.change(made.key_id, {"origins": ["https://a.example"], "label": ""}, "ada")
    assert store.audit_lines() == before
