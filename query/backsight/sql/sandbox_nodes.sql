create view nodes as
select
    {columns}
from (
    select * exclude (site, first_seen), min(first_seen) as first_seen from _nodes group by all
) as n
left join descriptions as d on d.element_id = n.element_id{ways}
