create view nodes as
select
    {columns}
from (
    select * exclude (site, first_seen), min(first_seen) as first_seen from _nodes group by all
) as n
left join descriptions as d on d.element_id = n.element_id
left join (
    select node_id, any_value(selector) as selector from ways group by node_id
) as ways on ways.node_id = n.node_id
