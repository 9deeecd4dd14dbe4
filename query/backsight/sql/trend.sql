with matched as (
    {matched}
),
tallied as (
    select
        {keys},
        {tallies}
    from matched
    where {some_step}
    group by {keys}
),{peopled}
dated as (
    select {tallied}.*, calendar.period
    from {tallied}
    join calendar on calendar.slot = {tallied}.slot
){stages}
select
    {shown},
    {parts}
from {last}
group by grouping sets (({by_period}), ({by_range}))
