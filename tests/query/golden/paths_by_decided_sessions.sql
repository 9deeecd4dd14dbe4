-- events: 1 Parquet files of shop: time, type, name, device, session, page, sequence, path
-- identity_devices: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "'; drop table events; --\n$p0"
-- $p4 = "2026-09-30T00:00:00Z"
-- $p5 = "2026-11-02T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        e.session as part,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as around,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as fills_1
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p4
      and e.time < $p5
      and (e.path is not null and e.path = $p3)
),
entered as (
    select
        *,
        case
            when around then 0
            when fills_1 then 1
        end as entry
    from matched
)
select distinct entry, '' as value
from entered
where entry in (null) and '' is not null;

-- events: 1 Parquet files of shop: time, type, name, device, page, sequence, path
-- identity_devices: 1 rows of device, user
-- path_nodes: 2 rows of entry, value, node
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "'; drop table events; --\n$p0"
-- $p5 = "2026-09-30T00:00:00Z"
-- $p6 = "2026-11-02T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        (e.type = $p0 and (e.name is not null and e.name = $p3)) as begins,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as around,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as fills_1,
        (e.path is not null and e.path = $p4) as counts,
        true as any_event
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where e.time >= $p5
      and e.time < $p6
),
entered as (
    select
        *,
        case
            when not counts then null
            when around then 0
            when fills_1 then 1
        end as entry
    from matched
),
named as (
    select *, '' as value
    from entered
)
select person, place, page, coalesce(node, -1) as node, begins, around
from named
left join path_nodes on path_nodes.entry = named.entry and path_nodes.value = named.value
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
