-- events: 1 Parquet files of shop: time, type, name, device, sequence
-- $p0 = "track"
-- $p1 = "C"
-- $p2 = "2026-09-30T00:00:00Z"
-- $p3 = "2026-11-16T00:00:00Z"
select person, place, starts
from (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        true as any_event
    from events as e
    where e.time >= $p2
      and e.time < $p3
) as seen
where true;

-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- sessions: 0 rows of person, place, session
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-15T00:00:00Z"
with matched as (
    select seen.*, sessions.session
    from (
        select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p3
      and e.time < $p4
    ) as seen
    asof left join sessions
        on sessions.person = seen.person and seen.place >= sessions.place
)
select person, place, page, sequence, session, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
