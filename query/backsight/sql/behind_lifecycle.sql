with matched as (
    {matched}
),
visited as (
    select matched.person, coalesce(calendar.period, -1) as period
    from matched
    left join calendar on calendar.slot = matched.slot
    where matched.step_1
    group by 1, 2
),
told as (
    select
        person,
        period,
        lag(period) over (partition by person order by period) as before,
        lead(period) over (partition by person order by period) as after
    from visited
)
select person
from told
where period = {period} and ({state})
