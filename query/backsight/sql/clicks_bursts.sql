with clicks as (
    select page, sequence, time, client_time, cast(x as double) as x, cast(y as double) as y
    from events
    where type = 'click' and x is not null and y is not null and time >= $before{whose}
),
numbered as (
    select
        page,
        sequence,
        time,
        row_number() over of_page as number,
        client_time - lag(client_time, {first}) over of_page <= to_microseconds($within)
            and {near} as completes
    from clicks
    window of_page as (partition by page order by client_time, sequence)
),
completing as (
    select page, sequence, time, number, lag(number) over (partition by page order by number) as before
    from numbered
    where completes
)
select page, sequence
from completing
where (before is null or before < number - 1) and time >= $midnight
