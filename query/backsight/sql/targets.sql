with matched as (
    {matched}
)
select nodes.element_id, count(*) as events, max(matched.place) as latest
from matched
join nodes on nodes.node_id = matched.node_id
where matched.matches
group by nodes.element_id
order by events desc, nodes.element_id
limit {limit}
