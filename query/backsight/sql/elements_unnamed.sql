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
listed as materialized (
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
  and pages.rank <= {pages}
order by
    things.events desc, things.persons desc, things.text, things.label, things.place, pages.rank
