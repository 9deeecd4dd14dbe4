-- events: 1 Parquet files of shop: time, type, received_at
-- calendar: 2161 rows of slot, period
-- $p0 = "2026-08-03T22:00:00Z"
-- $p1 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        (epoch_us(e.time) - (-1577923200000000)) // 3600000000 as slot,
        e.type as type,
        e.time as time,
        e.received_at as received_at,
        true as happened
    from events as e
    where e.time >= $p0
      and e.time < $p1
)
select calendar.period, matched.type, count(*) as events, max(matched.received_at) as received_at,
    max(matched.time) as time
from matched
join calendar on calendar.slot = matched.slot
group by calendar.period, matched.type;

-- events: 1 Parquet files of shop: time, type, name, device
-- calendar: 2161 rows of slot, period
-- $p0 = "A"
-- $p1 = "B"
-- $p2 = "C"
-- $p3 = "D"
-- $p4 = "track"
-- $p5 = "2026-08-03T22:00:00Z"
-- $p6 = "2026-11-01T00:00:00.000001Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 3600000000 as slot,
        case when e.type in ($p4) then case when (e.name is not null and e.name = $p0) then 1 else 0 end + case when (e.name is not null and e.name = $p1) then 2 else 0 end + case when (e.name is not null and e.name = $p2) then 4 else 0 end + case when (e.name is not null and e.name = $p3) then 8 else 0 end else 0 end as bits_0,
        e.type in ($p4) as held
    from events as e
    where (e.type in ($p4))
      and e.time >= $p5
      and e.time < $p6
),
alike as materialized (
    -- What an event is, as bits: one a rule, so that all are counted in one pass.
    select person, slot, bits_0, count(*) as events
    from matched
    where bits_0 <> 0
    group by all
),
people as (
    select bit_or(bits_0) as bits_0
    from alike
    join calendar on calendar.slot = alike.slot
    where calendar.period >= 83
    group by person
)
select calendar.period, bits_0, sum(alike.events)::bigint as events, null as persons
from alike
join calendar on calendar.slot = alike.slot
group by all
union all
select null, bits_0, null, count(*)
from people
group by all
