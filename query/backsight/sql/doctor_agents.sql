with agents as (
    select user_agent, count(*)::bigint as events
    from events
    where received_at >= $first and user_agent is not null
    group by user_agent
)
select user_agent, events, sum(events) over ()::bigint as of_all
from agents
-- User agents are what strangers sent: there may be as many as somebody cares to make up.
qualify row_number() over (order by events desc, user_agent) <= $most
order by events desc, user_agent
