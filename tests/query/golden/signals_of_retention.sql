-- events: 1 Parquet files of shop: time, type, name, device, page, sequence, path
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "'; drop table events; --\n$p0"
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-12T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        true as returns
    from events as e
    where e.time >= $p3
      and e.time < $p4
      and (not (e.path is not null and e.path = $p2))
)
select person, place, page, cast(case when starts then 1 else 0 end + case when returns then 2 else 0 end as integer) as steps
from matched;

-- events: 1 Parquet files of shop: time, type, name, node_id, device, page, sequence, text, path
-- watched: 0 rows of person, outcome, first, last
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "'; drop table events; --\n$p0"
-- $p6 = "2026-10-01T00:00:00Z"
-- $p7 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.type as type,
        e.node_id as node_id,
        e.text as text,
        e.path as path,
        e.name as name,
        ((e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4))) as named,
        true as happened
    from events as e
    where e.time >= $p6
      and e.time < $p7
      and (not (e.path is not null and e.path = $p5))
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
