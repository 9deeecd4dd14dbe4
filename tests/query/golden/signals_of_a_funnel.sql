-- events: 1 Parquet files of shop: time, type, name, node_id, device, page, sequence
-- identity_devices: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "click"
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-15T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p2 and (e.node_id is not null and e.node_id in (71))) as step_2
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p2 and (e.node_id is not null and e.node_id in (71))))
      and e.time >= $p3
      and e.time < $p4
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched;

-- events: 1 Parquet files of shop: time, type, name, node_id, device, page, sequence, text, path
-- identity_devices: 1 rows of device, user
-- watched: 0 rows of person, outcome, first, last
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "click"
-- $p6 = "2026-10-01T00:00:00Z"
-- $p7 = "2026-11-01T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.type as type,
        e.node_id as node_id,
        e.text as text,
        e.path as path,
        e.name as name,
        ((e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4)) or (e.type = $p5 and (e.node_id is not null and e.node_id in (71)))) as named,
        true as happened
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where e.time >= $p6
      and e.time < $p7
)
select distinct
    matched.person,
    matched.type,
    case when matched.type not in ('pageview', 'track') then matched.node_id end as node_id,
    case when matched.type not in ('pageview', 'track') then matched.text end as text,
    case when matched.type = 'pageview' then matched.path end as path,
    case when matched.type = 'track' then matched.name end as name
from matched
join watched on watched.person = matched.person
where matched.place > watched.first
  and matched.place < watched.last
  and not matched.named
  and (matched.node_id is not null or matched.type in ('pageview', 'track'))
