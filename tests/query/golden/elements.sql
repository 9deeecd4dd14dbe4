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
    -- What says nothing is told apart by its description: many a thing stands where another one does.
    select
        matched.person,
        matched.path,
        meant.node,
        coalesce(matched.text, '') as text,
        matched.label,
        -- By its name, as a text may hold a count.
        coalesce(nullif(matched.label, ''), matched.text, '') as said,
        case
            when coalesce(nullif(matched.label, ''), matched.text, '') = '' then meant.element_id
            else meant.place
        end as place
    from matched
    join meant on meant.node_id = matched.node_id
    where matched.wanted
),
things as (
    select
        place, said, min(text) as text, min(text) = max(text) as always, max(label) as label,
        count(*) as events, count(distinct person) as persons
    from clicks
    group by place, said
    order by events desc, persons desc, said, place
    limit $p6
),
listed as materialized (
    select clicks.place, clicks.said, clicks.node, clicks.path
    from clicks
    join things on things.place = clicks.place and things.said = clicks.said
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
    case when things.always then things.text end as text, things.label, things.said, things.events, things.persons,
    nodes.node, pages.path, pages.events as page_events
from things
join nodes on nodes.place = things.place and nodes.said = things.said and nodes.rank = 1
left join pages on pages.place = things.place and pages.said = things.said and pages.rank <= $p6
order by things.events desc, things.persons desc, things.said, things.place, pages.rank
