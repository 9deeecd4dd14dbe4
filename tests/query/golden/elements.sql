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
clicks as (
    -- What says nothing is told apart by its description: many a thing stands where another one does.
    select
        matched.person,
        matched.path,
        meant.node,
        coalesce(matched.text, '') as text,
        coalesce(matched.label, '') as label,
        case
            when coalesce(matched.text, '') = '' and coalesce(matched.label, '') = '' then meant.element_id
            else meant.place
        end as place
    from matched
    join meant on meant.node_id = matched.node_id
    where matched.wanted
),
things as (
    select place, text, label, count(*) as events, count(distinct person) as persons
    from clicks
    group by place, text, label
    order by events desc, persons desc, text, label, place
    limit $p6
),
listed as (
    select clicks.place, clicks.text, clicks.label, clicks.node, clicks.path
    from clicks
    join things
      on things.place = clicks.place and things.text = clicks.text and things.label = clicks.label
),
nodes as (
    select
        place, text, label, node,
        row_number() over (partition by place, text, label order by count(*) desc, node) as rank
    from listed
    group by place, text, label, node
),
pages as (
    select
        place, text, label, path, count(*) as events,
        row_number() over (partition by place, text, label order by count(*) desc, path) as rank
    from listed
    where path is not null
    group by place, text, label, path
)
select
    things.text, things.label, things.events, things.persons, nodes.node,
    pages.path, pages.events as page_events
from things
join nodes
  on nodes.place = things.place and nodes.text = things.text and nodes.label = things.label and nodes.rank = 1
left join pages
  on pages.place = things.place and pages.text = things.text and pages.label = things.label
  and pages.rank <= $p6
order by
    things.events desc, things.persons desc, things.text, things.label, things.place, pages.rank
