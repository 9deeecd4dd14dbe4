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
dated as materialized (
    select matched.*, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
)
select 0 as series, period, count(*) as value
from dated
where step_1
group by grouping sets ((period), ())
union all
select 1 as series, period, count(distinct person) as value
from dated
where step_2
group by grouping sets ((period), ())
union all
select 2 as series, period, count(distinct session) as value
from dated
where step_3
group by grouping sets ((period), ())
