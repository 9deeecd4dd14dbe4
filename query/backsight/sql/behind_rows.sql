with matched as (
    {matched}
)
select
    {columns}
from matched{join}
where {where}
order by {order}
