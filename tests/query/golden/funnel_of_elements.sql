-- events: 1 Parquet files of shop: time, type, node_id, device, page, sequence
-- $p0 = "click"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.node_id is not null and e.node_id in (71))) as step_1,
        (e.type = $p0 and false) as step_2
    from events as e
    where e.node_id in (71)
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
