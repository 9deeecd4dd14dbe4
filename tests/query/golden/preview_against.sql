-- events: 1 Parquet files of shop: time, type, name, node_id, device, sequence
-- calendar: 32 rows of slot, period
-- $p0 = "click"
-- $p1 = "track"
-- $p2 = "A"
-- $p3 = "B"
-- $p4 = "C"
-- $p5 = "D"
-- $p6 = "2026-10-01T00:00:00Z"
-- $p7 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p1 and (e.name is not null and e.name = $p2)) as name_0,
        (e.type = $p1 and (e.name is not null and e.name = $p3)) as name_1,
        (e.type = $p1 and (e.name is not null and e.name = $p4)) as name_2,
        (e.type = $p1 and (e.name is not null and e.name = $p5)) as name_3,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as matches,
        ((e.type = $p0 and false) or (e.type = $p1 and (e.name is not null and e.name = $p2))) as stood
    from events as e
    where ((e.type = $p0 and (e.node_id is not null and e.node_id in (71)))
        or ((e.type = $p0 and false) or (e.type = $p1 and (e.name is not null and e.name = $p2))))
      and e.time >= $p6
      and e.time < $p7
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
)
union all
select 'gained', null, count(*) from matched where matches and not stood
union all
select 'gained_persons', null, count(distinct person) from matched where matches and not stood
union all
select 'lost', null, count(*) from matched where stood and not matches
union all
select 'lost_persons', null, count(distinct person) from matched where stood and not matches;

-- events: 1 Parquet files of shop: time, type, node_id, sequence, text, path
-- $p0 = "click"
-- $p1 = 10
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        e.text as text,
        e.path as path,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as matches
    from events as e
    where e.node_id in (71)
      and e.time >= $p2
      and e.time < $p3
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
where place <= $p1
order by figure, place;

create temporary table targets as
-- events: 1 Parquet files of shop: time, type, name, node_id, device, sequence
-- nodes: 2 rows of node_id, element_id
-- $p0 = "click"
-- $p1 = 20
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.node_id as node_id,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as matches
    from events as e
    where e.node_id in (71)
      and e.time >= $p2
      and e.time < $p3
)
select nodes.element_id, count(*) as events, max(matched.place) as latest
from matched
join nodes on nodes.node_id = matched.node_id
where matched.matches
group by nodes.element_id
order by events desc, nodes.element_id
limit $p1;

-- events: 1 Parquet files of shop: time, type, node_id, sequence, text, path
-- nodes: 2 rows of node_id, element_id
-- elements: 1 Parquet files of shop: site, element_id, tag, namespace, attributes, first_seen
-- $p0 = "click"
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.node_id as node_id,
        e.text as text,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as matches
    from events as e
    where e.node_id in (71)
      and e.time >= $p2
      and e.time < $p3
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
