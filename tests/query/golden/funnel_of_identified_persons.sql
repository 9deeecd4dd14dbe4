-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- identity_devices: 1 rows of device, user
-- identity_traits: 0 rows of person, traits
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "/plan"
-- $p4 = "'; drop table events; --\n$p0"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
        left join identity_traits as person_traits on person_traits.person = coalesce(first_user."user", e.device)
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and coalesce(case when json_type(json_extract(person_traits.traits, $p3)) = 'VARCHAR' then json_extract_string(json_extract(person_traits.traits, $p3), '$') end = $p4, false)
)
select person, place, page, sequence, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
