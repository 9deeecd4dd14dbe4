with matched as (
    {matched}
)
select calendar.period, path, type = 'pageview' as viewed, count(*) as events
from matched
join calendar on calendar.slot = matched.slot
group by all
