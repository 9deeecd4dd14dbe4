-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "C"
-- $p4 = "D"
-- $p5 = "'; drop table events; --\n$p0"
-- $p6 = "2026-11-15T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_3,
        (e.type = $p0 or (e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4))) as named,
        (e.type = $p0 and (e.name is not null and e.name = $p5)) as exclude_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2))
        or (e.type = $p0 or (e.type = $p0 and (e.name is not null and e.name = $p1)) or (e.type = $p0 and (e.name is not null and e.name = $p2)) or (e.type = $p0 and (e.name is not null and e.name = $p3)) or (e.type = $p0 and (e.name is not null and e.name = $p4)))
        or (e.type = $p0 and (e.name is not null and e.name = $p5)))
      and e.time < $p6
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end + case when step_3 then 4 else 0 end + case when named then 8 else 0 end + case when exclude_1 then 16 else 0 end as integer) as steps
from matched
