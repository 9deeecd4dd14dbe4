-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_3
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end + case when step_3 then 4 else 0 end as integer) as steps
from matched
