with counted as (
    select
        step, source, target,
        count(*) as events,
        count(distinct person) as persons,
        avg(micros) as mean
    from transitions
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
