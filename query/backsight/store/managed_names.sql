-- Names that a file defines, and the version of each that the file's last apply left.

create table managed_names (
    kind text not null,
    site text not null references sites (name),
    name text not null,
    file text not null,
    version integer not null check (version > 0),
    primary key (kind, site, name)
);
