-- events: 1 Parquet files of shop: time, type, name, device
-- calendar: 32 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time < $p2
),
visited as (
    select matched.person, coalesce(calendar.period, -1) as period
    from matched
    left join calendar on calendar.slot = matched.slot
    where matched.step_1
    group by 1, 2
),
told as (
    select
        period,
        lag(period) over (partition by person order by period) as before,
        lead(period) over (partition by person order by period) as after
    from visited
)
select
    period,
    count(*) filter (where before is null) as new,
    count(*) filter (where before = period - 1) as returning,
    count(*) filter (where before < period - 1) as resurrecting,
    count(*) filter (where after is null or after > period + 1) as last_seen
from told
where period >= 0
group by period
