-- events: 1 Parquet files of shop: time, type, name, device, path
-- calendar: 31 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 25
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.path as group_1,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p3
      and e.time < $p4
),
tallied as (
    select
        slot, person, group_1,
        count(*) filter (where step_1) as events_1
    from matched
    where step_1
    group by slot, person, group_1
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
),
sized as (
    select
        group_1,
        count(distinct person) filter (where events_1 > 0) as size_1
    from dated
    group by group_1
),
ranked as (
    select
        group_1,
        row_number() over (order by size_1 desc, group_1 nulls last) - 1 as place
    from sized
    order by place
    limit $p2
),
placed as (
    select
        dated.period, dated.person, dated.events_1,
        ranked.group_1,
        coalesce(ranked.place, $p2) as place
    from dated
    left join ranked on ranked.group_1 is not distinct from dated.group_1
)
select
    place, group_1, period,
    count(distinct person) filter (where events_1 > 0) as part_1_0
from placed
group by grouping sets ((place, group_1, period), (place, group_1));

-- events: 1 Parquet files of shop: time, type, name, device, path
-- calendar: 37 rows of slot, period
-- ranked_groups: 0 rows of group_1, place
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 25
-- $p3 = 7
-- $p4 = "2026-09-25T00:00:00Z"
-- $p5 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.path as group_1,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p4
      and e.time < $p5
),
active as (
    select
        coalesce(ranked.place, $p2) as place,
        matched.person,
        calendar.period as day
    from matched
    join calendar on calendar.slot = matched.slot
    left join ranked_groups as ranked on ranked.group_1 is not distinct from matched.group_1
    where matched.step_1
    group by 1, 2, 3
),
stretches as (
    select
        place,
        day as begins,
        least(day + $p3, lead(day, 1, day + $p3) over (partition by place, person order by day)) as ends
    from active
)
select place, begins as day, count(*) as change
from stretches
group by place, begins
union all
select place, ends, -count(*)
from stretches
group by place, ends;

-- events: 0 Parquet files of shop: time, type, name, device, path
-- calendar: 31 rows of slot, period
-- ranked_groups: 0 rows of group_1, place
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 25
-- $p3 = "2026-08-31T00:00:00Z"
-- $p4 = "2026-10-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.path as group_1,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p3
      and e.time < $p4
),
tallied as (
    select
        slot, person, group_1,
        count(*) filter (where step_1) as events_1
    from matched
    where step_1
    group by slot, person, group_1
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
),
ranked as (
    select * from ranked_groups
),
placed as (
    select
        dated.period, dated.person, dated.events_1,
        ranked.group_1,
        coalesce(ranked.place, $p2) as place
    from dated
    left join ranked on ranked.group_1 is not distinct from dated.group_1
)
select
    place, group_1, period,
    count(distinct person) filter (where events_1 > 0) as part_1_0
from placed
group by grouping sets ((place, group_1, period), (place, group_1));

-- events: 0 Parquet files of shop: time, type, name, device, path
-- calendar: 37 rows of slot, period
-- ranked_groups: 0 rows of group_1, place
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 25
-- $p3 = 7
-- $p4 = "2026-08-25T00:00:00Z"
-- $p5 = "2026-10-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.path as group_1,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p4
      and e.time < $p5
),
active as (
    select
        coalesce(ranked.place, $p2) as place,
        matched.person,
        calendar.period as day
    from matched
    join calendar on calendar.slot = matched.slot
    left join ranked_groups as ranked on ranked.group_1 is not distinct from matched.group_1
    where matched.step_1
    group by 1, 2, 3
),
stretches as (
    select
        place,
        day as begins,
        least(day + $p3, lead(day, 1, day + $p3) over (partition by place, person order by day)) as ends
    from active
)
select place, begins as day, count(*) as change
from stretches
group by place, begins
union all
select place, ends, -count(*)
from stretches
group by place, ends
