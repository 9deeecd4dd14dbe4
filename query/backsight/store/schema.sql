-- What is known about the tracked sites besides their data. Append-only but for `keys.revoked` and tokens that expired.
-- Times are RFC 3339 text in UTC with microseconds, so that they sort as text; booleans are 0 and 1.

create table sites (
    name text primary key,
    created text not null
);

create table keys (
    key_id text primary key,
    site text not null references sites (name),
    kind text not null check (kind in ('write', 'secret')),
    digest text not null unique,  -- SHA-256 of the key, hexadecimal
    shown text,                   -- a write key itself, since it is public; null for a secret
    scopes text not null,         -- of a secret, separated by spaces
    label text not null,
    created text not null,
    revoked text
);

create table named_event_versions (
    site text not null references sites (name),
    name text not null,
    version integer not null check (version > 0),
    rules text not null,          -- JSON list; empty in a deletion
    description text not null,
    actor text not null,
    at text not null,
    deleted integer not null check (deleted in (0, 1)),
    primary key (site, name, version)
);

create table audit (
    line integer primary key,
    at text not null,
    actor text not null,
    action text not null,
    site text not null,
    subject text not null,
    detail text not null          -- JSON object
);

create index audit_by_site on audit (site, line);
