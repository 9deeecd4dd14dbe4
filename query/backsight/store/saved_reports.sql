-- Saved reports are versioned as named events are; links that share them are keys which open one report each.
-- SQLite changes no check in place, so the tables are made anew.

create table definition_versions_with_reports (
    kind text not null check (kind in ('event', 'cohort', 'report')),
    site text not null references sites (name),
    name text not null,
    version integer not null check (version > 0),
    definition text not null,     -- JSON: the rules of a named event, what a cohort asks, a report and its request
    description text not null,
    actor text not null,
    at text not null,
    deleted integer not null check (deleted in (0, 1)),
    primary key (kind, site, name, version)
);

insert into definition_versions_with_reports select * from definition_versions;

drop table definition_versions;

alter table definition_versions_with_reports rename to definition_versions;

create table keys_with_links (
    key_id text primary key,
    site text not null references sites (name),
    kind text not null check (kind in ('write', 'secret', 'definer', 'report')),
    digest text not null unique,  -- SHA-256 of the key, hexadecimal
    shown text,                   -- a write key itself, since it is public; null for a secret
    scopes text not null,         -- of a secret or a definer's token, separated by spaces
    label text not null,
    created text not null,
    revoked text,
    origin text,                  -- of a definer's token: scheme://host[:port] of the pages that may use it
    expires text,                 -- always of a definer's token
    maker text,                   -- the id of the key that made it, or who did on the machine
    origins text not null default '',              -- of a write key, separated by spaces; empty: all
    events_per_second real,                        -- of a write key; null: as the collector is set
    pages_only integer not null default 0 check (pages_only in (0, 1)),
    last_used text,                                -- within the hour
    report text,                                   -- of a link's token: the saved report that it opens
    check ((kind = 'definer') = (origin is not null) and (kind <> 'definer' or expires is not null)),
    check (kind = 'write' or (origins = '' and events_per_second is null and pages_only = 0)),
    check ((kind = 'report') = (report is not null))
);

insert into keys_with_links select *, null from keys;

drop table keys;

alter table keys_with_links rename to keys;

create index keys_by_origin on keys (origin) where origin is not null;

create index keys_by_report on keys (site, report) where report is not null;
