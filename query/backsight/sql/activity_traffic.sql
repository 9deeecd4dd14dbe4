with matched as (
    {matched}
)
select calendar.period, matched.type, count(*) as events, max(matched.received_at) as received_at,
    max(matched.time) as time
from matched
join calendar on calendar.slot = matched.slot
group by calendar.period, matched.type
