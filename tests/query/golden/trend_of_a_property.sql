-- events: 1 Parquet files of shop: time, type, name, x
-- calendar: 745 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-09-30T22:00:00Z"
-- $p3 = "2026-10-31T23:00:00Z"
with matched as (
    select
        (epoch_us(e.time) - (-1577923200000000)) // 3600000000 as slot,
        cast(e.x as double) as value_1,
        e.x is not null as set_1,
        cast(e.x as double) as value_2,
        e.x is not null as set_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_2
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p2
      and e.time < $p3
),
tallied as (
    select
        slot,
        count(*) filter (where step_1) as events_1,
        count(value_1) filter (where step_1) as numbers_1,
        count(*) filter (where step_1 and set_1 and value_1 is null) as odd_1,
        fsum(value_1) filter (where step_1 and value_1 is not null) as gathered_1,
        fsum(abs(value_1)) filter (where step_1) as weight_1,
        count(*) filter (where step_2) as events_2,
        count(value_2) filter (where step_2) as numbers_2,
        count(*) filter (where step_2 and set_2 and value_2 is null) as odd_2,
        list(value_2) filter (where step_2 and value_2 is not null) as gathered_2
    from matched
    where step_1 or step_2
    group by slot
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
)
select
    period,
    fsum(gathered_1) as part_1_0,
    cast(sum(numbers_1) as bigint) as part_1_1,
    cast(sum(odd_1) as bigint) as part_1_2,
    fsum(weight_1) as part_1_3,
    list_aggregate(flatten(list(gathered_2)), 'quantile_cont', 0.9) as part_2_0,
    cast(sum(numbers_2) as bigint) as part_2_1,
    cast(sum(odd_2) as bigint) as part_2_2
from dated
group by grouping sets ((period), ())
