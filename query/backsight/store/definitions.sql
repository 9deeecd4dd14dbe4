-- Named events and cohorts are versioned alike, so their versions stand in one table.

create table definition_versions (
    kind text not null check (kind in ('event', 'cohort')),
    site text not null references sites (name),
    name text not null,
    version integer not null check (version > 0),
    definition text not null,     -- JSON: the rules of a named event, what a cohort asks of persons
    description text not null,
    actor text not null,
    at text not null,
    deleted integer not null check (deleted in (0, 1)),
    primary key (kind, site, name, version)
);

insert into definition_versions
select 'event', site, name, version, rules, description, actor, at, deleted from named_event_versions;

drop table named_event_versions;

create table cohort_members (
    site text not null references sites (name),
    name text not null,
    version integer not null,
    members blob not null,        -- ids of the users and devices of a static cohort: 64-bit integers, little-endian
    primary key (site, name, version)
);
