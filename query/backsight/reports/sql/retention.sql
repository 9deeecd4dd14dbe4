with matched as (
    {matched}
),
dated as materialized (
    select matched.*, calendar.period
    from matched
    left join calendar on calendar.slot = matched.slot
),
started as materialized (
    {started}
),
visited as materialized (
    {visited}
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
    select started.period, {later} as later
    from started
    join visited on visited.person = started.person
    left join simultaneous
        on simultaneous.person = started.person and simultaneous.period = started.period
    where {later} between 0 and {last}
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
