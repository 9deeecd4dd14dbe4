with matched as (
    {matched}
),
pages as (
    select
        page,
        min(time) as began,
        max(received_at) as heard,
        max(sequence) + 1 as numbered,
        count(distinct sequence) as came,
        bool_or(type = 'leave') as ended,
        bool_or(type not in ('track', 'identify', 'traits')) as of_snippet
    from matched
    group by page
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
where of_snippet and began >= $first and heard < $over
group by calendar.period
order by calendar.period
