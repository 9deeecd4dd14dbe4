create temporary table bursts_1 as
-- events: 1 Parquet files of shop: type, device, page, sequence, time, client_time, x, y
-- $within = 1000000
-- $square = 900.0
-- $midnight = "2026-09-28T00:00:00Z"
-- $before = "2026-09-27T23:00:00Z"
with clicks as (
    select page, sequence, time, client_time, cast(x as double) as x, cast(y as double) as y
    from events
    where type = 'click' and x is not null and y is not null and time >= $before
),
numbered as (
    select
        page,
        sequence,
        time,
        row_number() over of_page as number,
        client_time - lag(client_time, 2) over of_page <= to_microseconds($within)
            and power(x - lag(x, 2) over of_page, 2) + power(y - lag(y, 2) over of_page, 2) <= $square
            and power(lag(x, 1) over of_page - lag(x, 2) over of_page, 2) + power(lag(y, 1) over of_page - lag(y, 2) over of_page, 2) <= $square as completes
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
where (before is null or before < number - 1) and time >= $midnight;

create temporary table bursts_2 as
-- events: 1 Parquet files of shop: type, device, page, sequence, time, client_time, x, y
-- $within = 2500000
-- $square = 900.0
-- $midnight = "2026-09-28T00:00:00Z"
-- $before = "2026-09-27T23:00:00Z"
with clicks as (
    select page, sequence, time, client_time, cast(x as double) as x, cast(y as double) as y
    from events
    where type = 'click' and x is not null and y is not null and time >= $before
),
numbered as (
    select
        page,
        sequence,
        time,
        row_number() over of_page as number,
        client_time - lag(client_time, 4) over of_page <= to_microseconds($within)
            and power(x - lag(x, 4) over of_page, 2) + power(y - lag(y, 4) over of_page, 2) <= $square
            and power(lag(x, 1) over of_page - lag(x, 4) over of_page, 2) + power(lag(y, 1) over of_page - lag(y, 4) over of_page, 2) <= $square
            and power(lag(x, 2) over of_page - lag(x, 4) over of_page, 2) + power(lag(y, 2) over of_page - lag(y, 4) over of_page, 2) <= $square
            and power(lag(x, 3) over of_page - lag(x, 4) over of_page, 2) + power(lag(y, 3) over of_page - lag(y, 4) over of_page, 2) <= $square as completes
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
where (before is null or before < number - 1) and time >= $midnight;

-- events: 1 Parquet files of shop: time, type, node_id, device, page, sequence
-- $p0 = "click"
-- $p1 = "2026-10-01T00:00:00Z"
-- $p2 = "2026-11-15T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71)) and ((e.page, e.sequence) in (select (page, sequence) from bursts_1))) as step_1,
        (e.type = $p0 and ((e.page, e.sequence) in (select (page, sequence) from bursts_2))) as step_2
    from events as e
    where ((e.type = $p0 and (e.node_id is not null and e.node_id in (71)) and ((e.page, e.sequence) in (select (page, sequence) from bursts_1)))
        or (e.type = $p0 and ((e.page, e.sequence) in (select (page, sequence) from bursts_2))))
      and e.time >= $p1
      and e.time < $p2
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
