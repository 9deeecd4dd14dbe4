with matched as (
    {matched}
),
active as (
    select
        {place} as place,
        matched.person,
        calendar.period as day
    from matched
    join calendar on calendar.slot = matched.slot{join}
    where matched.step_1
    group by 1, 2, 3
),
stretches as (
    select
        place,
        day as begins,
        least(day + {days}, lead(day, 1, day + {days}) over (partition by place, person order by day)) as ends
    from active
)
select place, begins as day, count(*) as change
from stretches
group by place, begins
union all
select place, ends, -count(*)
from stretches
group by place, ends
