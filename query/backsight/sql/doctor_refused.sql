with details as (
    select reason, detail, sum(count)::bigint as events, max(received_at) as last
    from dead_letters
    where received_at >= $first
    group by reason, detail
)
select
    reason,
    detail,
    events,
    sum(events) over (partition by reason)::bigint as of_reason,
    max(last) over (partition by reason) as last
from details
-- Details are what pages sent: there may be as many as somebody cares to make up.
qualify row_number() over (partition by reason order by events desc, detail) <= $most
order by of_reason desc, reason, events desc, detail
