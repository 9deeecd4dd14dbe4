with matched as (
    {matched}
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
