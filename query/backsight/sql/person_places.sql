with matched as (
    {matched}
)
select distinct place, page, sequence
from matched
where ({some}) and {after}
order by place {way}, page {way}, sequence {way}
limit {limit}
