-- events: 1 Parquet files of shop: time, type, name, device, session
-- calendar: 31 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.session as session,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_3
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p3
      and e.time < $p4
),
tallied as (
    select
        slot, person, session,
        count(*) filter (where step_1) as events_1,
        count(*) filter (where step_2) as events_2,
        count(*) filter (where step_3) as events_3
    from matched
    where step_1 or step_2 or step_3
    group by slot, person, session
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
)
select
    period,
    cast(sum(events_1) as bigint) as part_1_0,
    count(distinct person) filter (where events_2 > 0) as part_2_0,
    count(distinct session) filter (where events_3 > 0) as part_3_0
from dated
group by grouping sets ((period), ())
