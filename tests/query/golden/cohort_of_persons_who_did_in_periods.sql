create temporary table persons_0 as
-- events: 0 Parquet files of shop: time, type, name, device
-- calendar: 28 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = 2
-- $p3 = 4
-- $p4 = "2026-10-05T00:00:00Z"
-- $p5 = "2026-11-02T00:00:00Z"
with matched as (
    select
        e.device as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as did
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p4
      and e.time < $p5
),
dated as (
    select matched.person, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.did
),
periods as (
    select person, period
    from dated
    group by person, period
    having count(*) >= $p2
)
select person
from periods
group by person
having count(*) >= $p3;

-- events: 0 Parquet files of shop: time, type, name, device
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-10-05T00:00:00Z"
-- $p3 = "2026-11-02T00:00:00Z"
with matched as (
    select
        e.device as person,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as counts
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p2
      and e.time < $p3
      and e.device in (select person from persons_0)
)
select distinct person
from matched
where counts
