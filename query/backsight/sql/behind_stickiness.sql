with matched as (
    {matched}
),
visited as (
    select matched.person, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.step_1
    group by 1, 2
)
select person
from visited
group by person
having count(*) = {periods}
