-- events: 0 Parquet files of shop: time, type, name, node_id, device, text, label, path
-- identity_devices: 1 rows of device, user
-- meant: 2 rows of node_id, node, place, element_id
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "click"
-- $p6 = 5
-- $p7 = "2026-10-25T00:00:00Z"
-- $p8 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        e.node_id as node_id,
        e.text as text,
        e.label as label,
        e.path as path,
        (e.type = $p5 and not ((e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4)))) as wanted
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p5 and not ((e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4)))))
      and e.time >= $p7
      and e.time < $p8
),
clicks as materialized (
    select
        person,
        path,
        node_id,
        label,
        coalesce(text, '') as text,
        -- By its name, as a text may hold a count.
        coalesce(nullif(label, ''), text, '') as said
    from matched
    where wanted
),
counted as (
    -- By node first: of what is clicked a lot there are few nodes.
    select node_id, said, text, label, count(*) as events
    from clicks
    group by all
),
meanings as (
    -- What says nothing is told apart by its description: many a thing stands where another one does.
    select counted.*, case when counted.said = '' then meant.element_id else meant.place end as place
    from counted
    join meant on meant.node_id = counted.node_id
),
things as (
    select
        place, said, min(text) as text, min(text) = max(text) as always, max(label) as label,
        sum(events)::bigint as events
    from meanings
    group by place, said
    order by events desc, said, place
    limit $p6
),
listed as materialized (
    -- Only of those that are listed it is asked who, where and as which node.
    select clicks.person, clicks.path, meant.node, things.place, things.said
    from clicks
    join meant on meant.node_id = clicks.node_id
    join things on things.said = clicks.said
        and things.place = case when clicks.said = '' then meant.element_id else meant.place end
),
people as (
    select place, said, count(distinct person) as persons
    from listed
    group by place, said
),
nodes as (
    select
        place, said, node,
        row_number() over (partition by place, said order by count(*) desc, node) as rank
    from listed
    group by place, said, node
),
pages as (
    select
        place, said, path, count(*) as events,
        row_number() over (partition by place, said order by count(*) desc, path) as rank
    from listed
    where path is not null
    group by place, said, path
)
select
    case when things.always then things.text end as text, things.label, things.said, things.events, people.persons,
    nodes.node, pages.path, pages.events as page_events
from things
join people on people.place = things.place and people.said = things.said
join nodes on nodes.place = things.place and nodes.said = things.said and nodes.rank = 1
left join pages on pages.place = things.place and pages.said = things.said and pages.rank <= $p6
order by things.events desc, things.said, things.place, pages.rank
