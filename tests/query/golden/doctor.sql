-- events: 1 Parquet files of shop: time, type, session, page, sequence, received_at
-- calendar: 30 rows of slot, period
-- $p0 = "2026-07-05T00:00:00Z"
-- $p1 = "2026-11-01T00:00:00.000001Z"
-- $first = "2026-10-03T00:00:00Z"
-- $over = "2026-10-31T23:00:00Z"
-- $most = 100000
with matched as not materialized ( -- of the days before, hardly anything is read
    select
        e.page as page,
        e.sequence as sequence,
        e.time as time,
        e.received_at as received_at,
        e.type as type,
        e.session as session,
        true as happened
    from events as e
    where e.time >= $p0
      and e.time < $p1
),
pages as (
    select
        page,
        min(time) as began,
        max(received_at) as heard,
        min(sequence) as lowest,
        max(sequence)::bigint + 1 as numbered,
        count(distinct sequence) as came,
        bool_or(type = 'leave') as ended,
        -- What a server sends has no session; and of a page, it sends no end.
        bool_or(type not in ('track', 'identify', 'traits') and session is not null) as of_snippet
    from matched
    where time >= $first
    group by page
),
begun_before as (
    select distinct page
    from matched
    where time < $first and page in (select page from pages where lowest > 0)
)
select
    calendar.period,
    count(*) as pages,
    sum(numbered)::bigint as numbered,
    sum(greatest(numbered - came, 0))::bigint as missing,
    count(*) filter (where numbered > came) as with_gaps,
    count(*) filter (where not ended) as unended
from pages
join calendar on calendar.slot = (epoch_us(pages.began) - (-1577923200000000)) // 86400000000
where of_snippet
    and heard < $over
    and numbered <= $most
    and page not in (select page from begun_before)
group by calendar.period
order by calendar.period;

-- dead_letters: 0 Parquet files of shop: reason, detail, count, received_at
-- $first = "2026-10-03T00:00:00Z"
-- $most = 16
with details as (
    select reason, detail, sum(count)::bigint as events, max(received_at) as last
    from dead_letters
    where received_at >= $first
    group by reason, detail
)
select
    reason,
    detail,
    events,
    sum(events) over (partition by reason)::bigint as of_reason,
    max(last) over (partition by reason) as last
from details
-- Details are what pages sent: there may be as many as somebody cares to make up.
qualify row_number() over (partition by reason order by events desc, detail) <= $most
order by of_reason desc, reason, events desc, detail;

-- events: 0 Parquet files of shop: user_agent, received_at
-- $first = "2026-10-03T00:00:00Z"
-- $most = 10000
with agents as (
    select user_agent, count(*)::bigint as events
    from events
    where received_at >= $first and user_agent is not null
    group by user_agent
)
select user_agent, events, sum(events) over ()::bigint as of_all
from agents
-- User agents are what strangers sent: there may be as many as somebody cares to make up.
qualify row_number() over (order by events desc, user_agent) <= $most
order by events desc, user_agent
