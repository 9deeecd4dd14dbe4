with counted as (
    select step, count(*) as edges
    from (
        select distinct step, source, target
        from transitions
    ) as distinct_edges
    group by step
)
select transitions.step, edges, count(*) as events, count(distinct person) as persons
from transitions
join counted on counted.step = transitions.step
group by transitions.step, edges
