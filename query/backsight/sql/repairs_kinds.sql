with matched as (
    {matched}
)
select calendar.period, type, node_id, text, label, href, path, {bits}, count(*) as events
from matched
join calendar on calendar.slot = matched.slot
where {asked}
group by all
order by events desc, period, type, node_id, text, label, href, path
limit {limit}
