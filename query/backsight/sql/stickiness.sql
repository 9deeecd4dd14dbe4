with matched as (
    {matched}
),
visited as (
    select matched.person, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.step_1
    group by 1, 2
),
counted as (
    select person, count(*) as periods
    from visited
    group by person
)
select periods, count(*) as persons
from counted
group by periods
