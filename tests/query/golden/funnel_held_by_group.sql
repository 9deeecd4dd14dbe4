-- events: 1 Parquet files of shop: time, type, name, device, session, page, sequence, path, props, user_agent
-- identity_devices: 1 rows of device, user
-- identity_traits: 0 rows of person, traits
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "/'; drop table events; --\n$p0"
-- $p4 = "/plan"
-- $p5 = "2026-10-01T00:00:00Z"
-- $p6 = "2026-11-15T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        e.session as session,
        json_extract_string(json_extract(e.props, $p3), '$') as held_1,
        e.path as held_2,
        backsight_browser(e.user_agent) as group_1,
        json_extract_string(json_extract(person_traits.traits, $p4), '$') as group_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
        left join identity_traits as person_traits on person_traits.person = coalesce(first_user."user", e.device)
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p5
      and e.time < $p6
)
select person, place, page, sequence, session, held_1, held_2, group_1, group_2, cast(case when step_1 then 1 else 0 end + case when step_2 then 2 else 0 end as integer) as steps
from matched
