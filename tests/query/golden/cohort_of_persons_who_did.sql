create temporary table persons_0 as
-- events: 0 Parquet files of shop: time, type, node_id, device
-- identity_devices: 1 rows of device, user
-- $p0 = "click"
-- $p1 = 2
-- $p2 = 9
-- $p3 = "2026-10-02T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as did
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where e.node_id in (71)
      and e.time >= $p3
)
select person
from matched
where did
group by person
having count(*) >= $p1 and count(*) <= $p2;

create temporary table persons_1 as
-- events: 1 Parquet files of shop: time, type, name, device
-- identity_devices: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-10-05T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        e.time as time,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as did
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
)
select person
from matched
where did
group by person
having min(time) >= $p2;

create temporary table persons_2 as
-- events: 1 Parquet files of shop: time, type, name, device
-- identity_devices: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "B"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as did
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
)
select person
from matched
where did
group by person;

-- events: 0 Parquet files of shop: time, type, node_id, device
-- identity_devices: 1 rows of device, user
-- identity_traits: 0 rows of person, traits
-- $p0 = "click"
-- $p1 = "/plan"
-- $p2 = "'; drop table events; --\n$p0"
-- $p3 = "2026-10-02T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as counts
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
        left join identity_traits as person_traits on person_traits.person = coalesce(first_user."user", e.device)
    where e.node_id in (71)
      and e.time >= $p3
      and (coalesce(first_user."user", e.device) in (select person from persons_0) and (not coalesce(first_user."user", e.device) in (select person from persons_1)) and (coalesce(case when json_type(json_extract(person_traits.traits, $p1)) = 'VARCHAR' then json_extract_string(json_extract(person_traits.traits, $p1), '$') end = $p2, false) or (not coalesce(first_user."user", e.device) in (select person from persons_2))))
)
select distinct person
from matched
where counts
