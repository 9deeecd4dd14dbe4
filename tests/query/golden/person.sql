-- events: 1 Parquet files of shop: time, device, sequence
-- $p0 = 1
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        true as any_event
    from events as e
    where e.device in (1)
      and e.device = $p0
)
select count(*) as events, min(place) as first, max(place) as last
from matched;

-- events: 1 Parquet files of shop: time, device, page, sequence
-- $p0 = 11
-- $p1 = 1
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        true as any_1
    from events as e
    where e.device in (1)
      and e.device = $p1
)
select distinct place, page, sequence
from matched
where (any_1) and true
order by place desc, page desc, sequence desc
limit $p0
