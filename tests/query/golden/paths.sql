-- events: 1 Parquet files of shop: time, type, name, device, session, page, sequence, path
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "pageview"
-- $p6 = "leave"
-- $p7 = "2026-09-30T00:00:00Z"
-- $p8 = "2026-11-02T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        cast(e.name as varchar) as value_5,
        cast(e.path as varchar) as value_6,
        e.type = $p6 as leaves_0,
        e.session as part,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as fills_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as fills_2,
        (e.type = $p0 and (e.name is not null and e.name = $p3)) as fills_3,
        (e.type = $p0 and (e.name is not null and e.name = $p4)) as fills_4,
        e.type = $p0 as fills_5,
        e.type = $p5 as fills_6
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2))
        or (e.type = $p0 and (e.name is not null and e.name = $p3))
        or (e.type = $p0 and (e.name is not null and e.name = $p4))
        or e.type = $p0
        or e.type = $p5)
      and e.time >= $p7
      and e.time < $p8
),
entered as (
    select
        *,
        case
            when starts then 0
            when leaves_0 then null
            when fills_1 then 1
            when fills_2 then 2
            when fills_3 then 3
            when fills_4 then 4
            when fills_5 then 5
            when fills_6 then 6
        end as entry
    from matched
)
select distinct entry, case entry when 5 then value_5 when 6 then value_6 else '' end as value
from entered
where entry in (5, 6) and case entry when 5 then value_5 when 6 then value_6 else '' end is not null;

-- events: 1 Parquet files of shop: time, type, name, device, session, page, sequence, path
-- path_nodes: 5 rows of entry, value, node
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "pageview"
-- $p6 = "leave"
-- $p7 = "2026-09-30T00:00:00Z"
-- $p8 = "2026-11-02T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        cast(e.name as varchar) as value_5,
        cast(e.path as varchar) as value_6,
        e.type = $p6 as leaves_0,
        e.session as part,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as fills_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as fills_2,
        (e.type = $p0 and (e.name is not null and e.name = $p3)) as fills_3,
        (e.type = $p0 and (e.name is not null and e.name = $p4)) as fills_4,
        e.type = $p0 as fills_5,
        e.type = $p5 as fills_6
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2))
        or (e.type = $p0 and (e.name is not null and e.name = $p3))
        or (e.type = $p0 and (e.name is not null and e.name = $p4))
        or e.type = $p0
        or e.type = $p5)
      and e.time >= $p7
      and e.time < $p8
),
entered as (
    select
        *,
        case
            when starts then 0
            when leaves_0 then null
            when fills_1 then 1
            when fills_2 then 2
            when fills_3 then 3
            when fills_4 then 4
            when fills_5 then 5
            when fills_6 then 6
        end as entry
    from matched
),
named as (
    select *, case entry when 5 then value_5 when 6 then value_6 else '' end as value
    from entered
)
select person, place, page, coalesce(node, -1) as node, part, starts
from named
join path_nodes on path_nodes.entry = named.entry and path_nodes.value = named.value
where true;

-- transitions: 0 rows of step, source, target, person, micros
-- $limit = 25
-- A person is told apart before edges are: where there are many of both, that takes a fraction of what distinct
-- counts of every edge would.
with walked as (
    select step, source, target, person, count(*) as events, sum(micros) as micros
    from transitions
    group by step, source, target, person
),
counted as (
    select
        step, source, target,
        cast(sum(events) as bigint) as events,
        count(*) as persons,
        cast(sum(micros) as double) / cast(sum(events) as double) as mean
    from walked
    group by step, source, target
),
ranked as (
    select *, row_number() over (partition by step order by events desc, source, target) as place
    from counted
),
shown as (
    select *
    from ranked
    where place <= $limit
),
timed as (
    select shown.step, shown.place, quantile_cont(transitions.micros, 0.5) as median
    from transitions
    join shown
        on shown.step = transitions.step
        and shown.source = transitions.source
        and shown.target = transitions.target
    group by shown.step, shown.place
)
select shown.step, source, target, events, persons, mean, median
from shown
join timed on timed.step = shown.step and timed.place = shown.place
order by shown.step, shown.place;

-- transitions: 0 rows of step, source, target, person, micros
with edges as (
    select step, count(*) as edges
    from (
        select distinct step, source, target
        from transitions
    ) as distinct_edges
    group by step
),
walkers as (
    select step, cast(sum(events) as bigint) as events, count(*) as persons
    from (
        select step, person, count(*) as events
        from transitions
        group by step, person
    ) as each_person
    group by step
)
select walkers.step, edges, events, persons
from walkers
join edges on edges.step = walkers.step
