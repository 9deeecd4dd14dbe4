with matched as (
    {matched}
)
select
    {columns}
from matched
where {where}
order by matched.received_at desc, matched.time desc, matched.page desc, matched.sequence desc, matched.row_id desc
limit {limit}
