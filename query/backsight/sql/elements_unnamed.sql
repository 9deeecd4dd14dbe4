with matched as (
    {matched}
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
    limit {limit}
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
left join pages on pages.place = things.place and pages.said = things.said and pages.rank <= {pages}
order by things.events desc, things.persons desc, things.said, things.place, pages.rank
