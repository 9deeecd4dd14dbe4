with matched as (
    {matched}
),
targets as (
    select
        nodes.element_id,
        count(*) as events,
        -- The latest text; of several at one time, the greatest.
        max({place: matched.place, text: matched.text}) as latest
    from matched
    join nodes on nodes.node_id = matched.node_id
    where matched.matches
    group by nodes.element_id
    order by events desc, element_id
    limit {limit}
)
select elements.tag, elements.attributes, targets.latest.text as text, targets.events
from targets
join elements on elements.element_id = targets.element_id
order by targets.events desc, targets.element_id
