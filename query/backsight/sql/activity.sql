with matched as (
    {matched}
),
alike as materialized (
    -- What an event is, as bits: one a rule, so that all are counted in one pass.
    select person, slot, {words}, count(*) as events
    from matched
    where {any}
    group by all
),
people as (
    select {any_words}
    from alike
    join calendar on calendar.slot = alike.slot
    where calendar.period >= {first}
    group by person
)
select calendar.period, {words}, sum(alike.events)::bigint as events, null as persons
from alike
join calendar on calendar.slot = alike.slot
group by all
union all
select null, {words}, null, count(*)
from people
group by all
