-- events: 1 Parquet files of shop: time, type, name, device, user, page, sequence
-- identity_devices: 1 rows of device, user
-- identity_pairs: 1 rows of device, user
-- $p0 = "track"
-- $p1 = "A"
with matched as (
    select
        coalesce(live_user."user", first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
        left join identity_pairs as live_user on live_user.device = e.device and live_user."user" = e."user"
        left join identity_devices as first_user on first_user.device = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end as integer) as steps
from matched
