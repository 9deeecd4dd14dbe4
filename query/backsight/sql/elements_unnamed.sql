with matched as (
    {matched}
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
    limit {limit}
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
left join pages on pages.place = things.place and pages.said = things.said and pages.rank <= {pages}
order by things.events desc, things.said, things.place, pages.rank
