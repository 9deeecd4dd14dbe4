with matched as not materialized ( -- of the days before, hardly anything is read
    {matched}
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
join calendar on calendar.slot = {slot}
where of_snippet
    and heard < $over
    and numbered <= $most
    and page not in (select page from begun_before)
group by calendar.period
order by calendar.period
