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
        period,
        lag(period) over (partition by person order by period) as before,
        lead(period) over (partition by person order by period) as after
    from visited
)
select
    period,
    count(*) filter (where before is null) as new,
    count(*) filter (where before = period - 1) as returning,
    count(*) filter (where before < period - 1) as resurrecting,
    count(*) filter (where after is null or after > period + 1) as last_seen
from told
where period >= 0
group by period
