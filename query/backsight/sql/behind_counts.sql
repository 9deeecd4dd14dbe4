with matched as (
    {matched}
)
select cast(matched.time as date) as day, count(*) as events, count(distinct matched.person) as persons
from matched{join}
where {where}
group by grouping sets ((cast(matched.time as date)), ())
