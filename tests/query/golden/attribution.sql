-- events: 1 Parquet files of shop: time, type, name, device, page, sequence, host, query, referrer, props
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "pageview"
-- $p3 = "/price"
-- $p4 = "2026-09-01T00:00:00Z"
-- $p5 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        (e.page & -2147483648) + e.sequence as page,
        case when e.type = $p2 then coalesce(try(url_decode(replace(nullif(regexp_extract(e.query, '(?:^|&)utm_source=([^&]*)', 1), ''), '+', ' '))), replace(nullif(regexp_extract(e.query, '(?:^|&)utm_source=([^&]*)', 1), ''), '+', ' ')) end as group_1,
        case when e.type = $p2 then case when lower(nullif(regexp_extract(e.referrer, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)', 1), '')) is distinct from lower(e.host) then lower(nullif(regexp_extract(e.referrer, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)', 1), '')) end end as group_2,
        case when (e.type = $p0 and (e.name is not null and e.name = $p1)) then case when case when regexp_full_match(json_extract_string(json_extract(e.props, $p3), '$'), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') then try_cast(json_extract_string(json_extract(e.props, $p3), '$') as double) end between -1e308 and 1e308 then case when regexp_full_match(json_extract_string(json_extract(e.props, $p3), '$'), '[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?') then try_cast(json_extract_string(json_extract(e.props, $p3), '$') as double) end end end as amount,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as converts,
        e.type = $p2 as arrives
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or e.type = $p2)
      and e.time >= $p4
      and e.time < $p5
),
told as (
    select
        person, place, page, amount, group_1, group_2,
        converts and true as converts,
        arrives and true and (group_1 is not null or group_2 is not null) as touches
    from matched
)
select *
from told
where true and (converts or touches)
