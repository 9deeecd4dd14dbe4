with matched as (
    {matched}
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
    limit {limit}
),
nodes as (
    select clicks.place, clicks.text, clicks.label, clicks.node, clicks.path, count(*) as events
    from clicks
    join things
      on things.place = clicks.place and things.text = clicks.text and things.label = clicks.label
    group by clicks.place, clicks.text, clicks.label, clicks.node, clicks.path
)
select
    things.text,
    things.label,
    things.events,
    things.persons,
    array_agg(nodes.node) as nodes,
    array_agg(nodes.path) as paths,
    array_agg(nodes.events) as counts
from things
join nodes on nodes.place = things.place and nodes.text = things.text and nodes.label = things.label
group by things.place, things.text, things.label, things.events, things.persons
order by things.events desc, things.persons desc, things.text, things.label, things.place
