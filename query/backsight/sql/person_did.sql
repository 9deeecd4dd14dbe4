with matched as (
    {matched}
),
done as (
    select calendar.period, matched.time
    from matched
    join calendar on calendar.slot = matched.slot
    where matched.did
),
often as (
    select period
    from done
    group by period
    having count(*) >= {times}
)
select
    count(*) as times,
    min(time) as first,
    (select count(*) from often) as periods
from done
