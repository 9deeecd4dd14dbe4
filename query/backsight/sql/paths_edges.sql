-- A person is told apart before edges are: where there are many of both, that takes a fraction of what distinct
-- counts of every edge would.
with walked as (
    select step, source, target, person, count(*) as events, sum(micros) as micros
    from transitions
    group by step, source, target, person
),
counted as (
    select
        step, source, target,
        cast(sum(events) as bigint) as events,
        count(*) as persons,
        cast(sum(micros) as double) / cast(sum(events) as double) as mean
    from walked
    group by step, source, target
),
ranked as (
    select *, row_number() over (partition by step order by events desc, source, target) as place
    from counted
),
shown as (
    select *
    from ranked
    where place <= $limit
),
timed as (
    select shown.step, shown.place, quantile_cont(transitions.micros, 0.5) as median
    from transitions
    join shown
        on shown.step = transitions.step
        and shown.source = transitions.source
        and shown.target = transitions.target
    group by shown.step, shown.place
)
select shown.step, source, target, events, persons, mean, median
from shown
join timed on timed.step = shown.step and timed.place = shown.place
order by shown.step, shown.place
