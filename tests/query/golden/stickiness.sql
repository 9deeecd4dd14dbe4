-- events: 1 Parquet files of shop: time, type, name, device
-- calendar: 31 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p2
      and e.time < $p3
),
visited as (
    select matched.person, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.step_1
    group by 1, 2
),
counted as (
    select person, count(*) as periods
    from visited
    group by person
)
select periods, count(*) as persons
from counted
group by periods
