-- events: 1 Parquet files of shop: time, type, name, device, sequence
-- $p0 = "track"
-- $p1 = "B"
-- $p2 = "2026-09-30T00:00:00Z"
-- $p3 = "2026-11-02T00:00:00Z"
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

-- events: 1 Parquet files of shop: time, type, name, device, sequence
-- calendar: 31 rows of slot, period
-- sessions: 0 rows of person, place, session
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00Z"
with matched as (
    select seen.*, sessions.session
    from (
        select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p2
      and e.time < $p3
    ) as seen
    asof left join sessions
        on sessions.person = seen.person and seen.place >= sessions.place
),
tallied as (
    select
        slot, session,
        count(*) filter (where step_1) as events_1
    from matched
    where step_1
    group by slot, session
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
)
select
    period,
    count(distinct session) filter (where events_1 > 0) as part_1_0
from dated
group by grouping sets ((period), ())
