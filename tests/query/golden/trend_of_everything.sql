-- events: 1 Parquet files of shop: time
-- calendar: 1 rows of slot, period
with matched as (
    select
        e.filename as slot,
        true as step_1
    from events as e
),
tallied as (
    select
        slot,
        count(*) filter (where step_1) as events_1
    from matched
    where step_1
    group by slot
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
)
select
    period,
    cast(sum(events_1) as bigint) as part_1_0
from dated
group by grouping sets ((period), ())
