with matched as (
    {matched}
),
dated as (
    select matched.person, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.did
),
periods as (
    select person, period
    from dated
    group by person, period
    having count(*) >= {times}
)
select person
from periods
group by person
having count(*) >= {least}
