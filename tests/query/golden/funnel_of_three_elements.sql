-- events: 1 Parquet files of shop: time, type, node_id, device, page, sequence
-- node_sets: 2 rows of node_id, set_1, set_2, set_3
-- $p0 = "click"
-- $p1 = "2026-10-01T00:00:00Z"
-- $p2 = "2026-11-15T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and coalesce(node_sets.set_1, false)) as step_1,
        (e.type = $p0 and coalesce(node_sets.set_2, false)) as step_2,
        (e.type = $p0 and coalesce(node_sets.set_3, false)) as step_3
    from events as e
        left join node_sets on node_sets.node_id = e.node_id
    where e.node_id in (71, 72)
      and e.time >= $p1
      and e.time < $p2
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end + case when step_3 then 4 else 0 end as integer) as steps
from matched
