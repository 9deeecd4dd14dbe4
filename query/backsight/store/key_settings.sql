-- Any key may end by itself; a write key may be for some pages alone and have a rate of its own.
-- SQLite changes no check in place, so the table is made anew.

create table keys_with_settings (
    key_id text primary key,
    site text not null references sites (name),
    kind text not null check (kind in ('write', 'secret', 'definer')),
    digest text not null unique,  -- SHA-256 of the key, hexadecimal
    shown text,                   -- a write key itself, since it is public; null for a secret
    scopes text not null,         -- of a secret or a token, separated by spaces
    label text not null,
    created text not null,
    revoked text,
    origin text,                  -- of a token: scheme://host[:port] of the pages that may use it
    expires text,                 -- always of a token
    maker text,                   -- the id of the key that made it, or who did on the machine
    origins text not null default '',              -- of a write key, separated by spaces; empty: all
    events_per_second real,                        -- of a write key; null: as the collector is set
    pages_only integer not null default 0 check (pages_only in (0, 1)),
    last_used text,                                -- within the hour
    check ((kind = 'definer') = (origin is not null) and (kind <> 'definer' or expires is not null)),
    check (kind = 'write' or (origins = '' and events_per_second is null and pages_only = 0))
);

insert into keys_with_settings
select key_id, site, kind, digest, shown, scopes, label, created, revoked, origin, expires, maker, '', null, 0, null
from keys;

drop table keys;

alter table keys_with_settings rename to keys;

create index keys_by_origin on keys (origin) where origin is not null;
