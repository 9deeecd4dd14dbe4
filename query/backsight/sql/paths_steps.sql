with edges as (
    select step, count(*) as edges
    from (
        select distinct step, source, target
        from transitions
    ) as distinct_edges
    group by step
),
walkers as (
    select step, cast(sum(events) as bigint) as events, count(*) as persons
    from (
        select step, person, count(*) as events
        from transitions
        group by step, person
    ) as each_person
    group by step
)
select walkers.step, edges, events, persons
from walkers
join edges on edges.step = walkers.step
