-- Definer's tokens are keys that end by themselves and open their site's API to pages of one origin.
-- SQLite changes no check in place, so the table is made anew.

create table keys_with_tokens (
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
    expires text,                 -- of a token
    check ((kind = 'definer') = (origin is not null) and (kind = 'definer') = (expires is not null))
);

insert into keys_with_tokens select *, null, null from keys;

drop table keys;

alter table keys_with_tokens rename to keys;

create index keys_by_origin on keys (origin) where origin is not null;
