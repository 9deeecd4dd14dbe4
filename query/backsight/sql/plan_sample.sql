with matched as (
    {matched}
),
moved as (
    select matched.matches as gained, matched.type, matched.name, matched.text, matched.path,
        nodes.element_id, count(*) as events, max(matched.time) as latest
    from matched
    left join nodes on nodes.node_id = matched.node_id
    where matched.matches <> matched.stood
    group by all
),
ranked as (
    select *, row_number() over (
        partition by gained
        order by events desc, latest desc, type, name, text, path, element_id
    ) as place
    from moved
)
select ranked.gained, ranked.type, ranked.name, ranked.text, ranked.path, ranked.events,
    elements.tag, elements.attributes
from ranked
left join elements on elements.element_id = ranked.element_id
where ranked.place <= {limit}
order by ranked.gained desc, ranked.place
