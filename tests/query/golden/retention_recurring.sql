-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- calendar: 42 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = 6899171328000000000
-- $p4 = 6904656691200000000
-- $p5 = 11
-- $p6 = 42
-- $p7 = "2026-10-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as returns
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p7
),
dated as materialized (
    select matched.*, calendar.period
    from matched
    left join calendar on calendar.slot = matched.slot
),
started as materialized (
    select person, period, min(place) as place
    from dated
    where starts and place >= $p3 and place < $p4
    group by person, period
),
visited as materialized (
    select person, max(case when place >= $p3 then coalesce(period, $p6) end) as period, max(place) as place
    from dated
    where returns
    group by person
),
-- Start and last return at one time: a return counts where it may have come second. On one page the sequence
-- says so; two pages have no order, and the person is given the better one.
contenders as materialized (
    select started.person, started.period, started.place >> 11 as instant
    from started
    join visited on visited.person = started.person and visited.period = started.period
    where visited.place >> 11 = started.place >> 11
      and visited.place <= started.place
),
tied as materialized (
    select person, place >> 11 as instant, page, sequence, starts, returns
    from dated
    where person in (select person from contenders)
),
simultaneous as (
    select distinct contenders.person, contenders.period
    from contenders
    join tied as a on a.person = contenders.person and a.instant = contenders.instant
    join tied as b on b.person = contenders.person and b.instant = contenders.instant
    where a.starts
      and b.returns
      and (a.page <> b.page or a.sequence < b.sequence)
),
returned as (
    select started.period, least(visited.period - started.period, $p5) as later
    from started
    join visited on visited.person = started.person
    left join simultaneous
        on simultaneous.person = started.person and simultaneous.period = started.period
    where least(visited.period - started.period, $p5) between 0 and $p5
      and (
          visited.period > started.period
          or visited.place > started.place
          or simultaneous.person is not null
      )
)
select period, null as later, count(*) as persons
from started
group by period
union all
select period, later, count(*) as persons
from returned
group by period, later
