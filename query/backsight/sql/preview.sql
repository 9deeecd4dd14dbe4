with matched as (
    {matched}
),
dated as materialized (
    select matched.*, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.matches
){kinds}
select 'events' as figure, period as key, count(*) as value
from dated
group by grouping sets ((period), ())
union all
select 'persons', null, count(distinct person)
from dated{overlaps}
