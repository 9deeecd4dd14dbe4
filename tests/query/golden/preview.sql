-- events: 1 Parquet files of shop: time, type, name, node_id, device, sequence
-- calendar: 32 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "2026-10-01T00:00:00Z"
-- $p6 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as name_0,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as name_1,
        (e.type = $p0 and (e.name is not null and e.name = $p3)) as name_2,
        (e.type = $p0 and (e.name is not null and e.name = $p4)) as name_3,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as matches
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p5
      and e.time < $p6
),
dated as materialized (
    select matched.*, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.matches
)
select 'events' as figure, period as key, count(*) as value
from dated
group by grouping sets ((period), ())
union all
select 'persons', null, count(distinct person)
from dated
union all
select 'overlap', unnest([0, 1, 2, 3]), unnest(counts)
from (
    select [
        count(*) filter (where name_0),
        count(*) filter (where name_1),
        count(*) filter (where name_2),
        count(*) filter (where name_3)
    ] as counts from dated
);

-- events: 1 Parquet files of shop: time, type, name, node_id, sequence, text, path
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 10
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        e.text as text,
        e.path as path,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as matches
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p3
      and e.time < $p4
),
said as (
    select case when grouping(path) = 1 then 'texts' else 'pages' end as figure,
        coalesce(text, path) as value, count(*) as events
    from matched
    where matches
    group by grouping sets ((text), (path))
),
ranked as (
    -- An event may have none: that is one of the rows, and no text or page that is counted.
    select *, count(value) over (partition by figure) as numbers,
        row_number() over (partition by figure order by events desc, value nulls last) as place
    from said
)
select figure, value, events, numbers
from ranked
where place <= $p2
order by figure, place;

create temporary table targets as
-- events: 1 Parquet files of shop: time, type, name, node_id, device, sequence
-- nodes: 2 rows of node_id, element_id
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 20
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.node_id as node_id,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as matches
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p3
      and e.time < $p4
)
select nodes.element_id, count(*) as events, max(matched.place) as latest
from matched
join nodes on nodes.node_id = matched.node_id
where matched.matches
group by nodes.element_id
order by events desc, nodes.element_id
limit $p2;

-- events: 1 Parquet files of shop: time, type, name, node_id, sequence, text, path
-- nodes: 2 rows of node_id, element_id
-- elements: 1 Parquet files of shop: site, element_id, tag, namespace, attributes, first_seen
-- $p0 = "track"
-- $p1 = "A"
-- $p3 = "2026-10-01T00:00:00Z"
-- $p4 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.node_id as node_id,
        e.text as text,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as matches
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p3
      and e.time < $p4
),
texts as (
    -- The latest text; of several at one time, the greatest.
    select nodes.element_id, max(matched.text) as text
    from matched
    join nodes on nodes.node_id = matched.node_id
    join targets on targets.element_id = nodes.element_id and targets.latest = matched.place
    where matched.matches
    group by nodes.element_id
)
select elements.tag, elements.attributes, texts.text, targets.events
from targets
join elements on elements.element_id = targets.element_id
left join texts on texts.element_id = targets.element_id
order by targets.events desc, targets.element_id
