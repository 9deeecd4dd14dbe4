-- events: 1 Parquet files of shop: time, type, name, device, page, sequence, path, props
-- identity_traits: 0 rows of person, traits
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "/plan"
-- $p4 = "/price"
-- $p5 = "2026-10-01T00:00:00Z"
-- $p6 = "2026-11-13T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        e.path as group_1,
        json_extract_string(json_extract(person_traits.traits, $p3), '$') as group_2,
        case when case when regexp_full_match(json_extract_string(json_extract(e.props, $p4), '$'), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') then try_cast(json_extract_string(json_extract(e.props, $p4), '$') as double) end between -1e308 and 1e308 then case when regexp_full_match(json_extract_string(json_extract(e.props, $p4), '$'), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') then try_cast(json_extract_string(json_extract(e.props, $p4), '$') as double) end end as value,
        coalesce(json_type(json_extract(e.props, $p4)) <> 'NULL', false) as is_set,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as starts,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as returns
    from events as e
        left join identity_traits as person_traits on person_traits.person = e.device
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p5
      and e.time < $p6
)
select person, place, page, group_1, group_2, value, is_set, cast(case when starts then 1 else 0 end + case when returns then 2 else 0 end as integer) as steps
from matched
