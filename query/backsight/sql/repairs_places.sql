with matched as (
    {matched}
)
select type, node_id, text, label, href, path, {bits}, count(*) as events
from matched
where {asked}
group by all
order by events desc, type, node_id, text, label, href, path
limit {limit}
