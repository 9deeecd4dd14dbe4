-- events: 1 Parquet files of shop: time, type, name, device, page, sequence, path, props
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "pageview"
-- $p3 = "/'; drop table events; --\n$p0"
-- $p4 = "'; drop table events; --\n$p0"
-- $p5 = "2026-08-31T00:00:00Z"
-- $p6 = "2026-11-02T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        case when e.type in ($p2, $p0) then json_extract_string(json_extract(e.props, $p3), '$') end as group_1,
        case when (e.type = $p0 and (e.name is not null and e.name = $p1)) then cast(0 as double) end as amount,
        false as begins,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as converts,
        e.type in ($p2, $p0) as arrives,
        (e.path is not null and e.path = $p4) as counts,
        true as any_event
    from events as e
    where e.time >= $p5
      and e.time < $p6
),
told as (
    select
        person, place, page, amount, begins, group_1,
        converts and counts as converts,
        arrives and counts and (group_1 is not null) as touches
    from matched
)
select *
from told
where true
