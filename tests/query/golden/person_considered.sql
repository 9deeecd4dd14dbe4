-- events: 1 Parquet files of shop: time, device, user, sequence
-- identity_devices: 1 rows of device, user
-- identity_pairs: 1 rows of device, user
-- $p0 = -3234080071353920287
with matched as (
    select
        coalesce(live_user."user", first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        true as any_event
    from events as e
        left join identity_pairs as live_user on live_user.device = e.device and live_user."user" = e."user"
        left join identity_devices as first_user on first_user.device = e.device
    where e.device in (-3234080071353920287, 1)
      and coalesce(live_user."user", first_user."user", e.device) = $p0
)
select count(*) as events, min(place) as first, max(place) as last
from matched;

-- events: 1 Parquet files of shop: time, type, name, node_id, device, user, page, sequence
-- identity_devices: 1 rows of device, user
-- identity_pairs: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "click"
-- $p3 = 6899613696000000002
-- $p4 = -7
-- $p5 = 2
-- $p6 = 101
-- $p7 = -3234080071353920287
with matched as (
    select
        coalesce(live_user."user", first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as any_1,
        (e.type = $p2 and (e.node_id is not null and e.node_id in (71))) as any_2
    from events as e
        left join identity_pairs as live_user on live_user.device = e.device and live_user."user" = e."user"
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p2 and (e.node_id is not null and e.node_id in (71))))
      and e.device in (-3234080071353920287, 1)
      and coalesce(live_user."user", first_user."user", e.device) = $p7
)
select distinct place, page, sequence
from matched
where (any_1 or any_2) and (place > $p3 or place = $p3 and (page > $p4 or page = $p4 and sequence > $p5))
order by place asc, page asc, sequence asc
limit $p6;

-- events: 1 Parquet files of shop: time, type, name, node_id, device, user, page, sequence
-- identity_devices: 1 rows of device, user
-- identity_pairs: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "click"
-- $p3 = -3234080071353920287
with matched as (
    select
        coalesce(live_user."user", first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p2 and (e.node_id is not null and e.node_id in (71))) as step_2
    from events as e
        left join identity_pairs as live_user on live_user.device = e.device and live_user."user" = e."user"
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p2 and (e.node_id is not null and e.node_id in (71))))
      and e.device in (-3234080071353920287, 1)
      and coalesce(live_user."user", first_user."user", e.device) = $p3
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
