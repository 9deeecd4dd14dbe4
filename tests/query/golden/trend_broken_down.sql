-- events: 1 Parquet files of shop: time, type, name, device, path
-- identity_devices: 1 rows of device, user
-- calendar: 31 rows of slot, period
-- identity_traits: 0 rows of person, traits
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = "/plan"
-- $p4 = 3
-- $p5 = "2026-10-01T00:00:00Z"
-- $p6 = "2026-11-01T00:00:00Z"
with matched as (
    select
        coalesce(first_user."user", e.device) as person,
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        e.path as group_1,
        json_extract_string(json_extract(person_traits.traits, $p3), '$') as group_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2
    from events as e
        left join identity_devices as first_user on first_user.device = e.device
        left join identity_traits as person_traits on person_traits.person = coalesce(first_user."user", e.device)
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
      and e.time >= $p5
      and e.time < $p6
),
tallied as (
    select
        slot, person, group_1, group_2,
        count(*) filter (where step_1) as events_1,
        count(*) filter (where step_2) as events_2
    from matched
    where step_1 or step_2
    group by slot, person, group_1, group_2
),
dated as (
    select tallied.*, calendar.period
    from tallied
    join calendar on calendar.slot = tallied.slot
),
sized as (
    select
        group_1, group_2,
        sum(events_1) as size_1,
        count(distinct person) filter (where events_2 > 0) as size_2
    from dated
    group by group_1, group_2
),
ranked as (
    select
        group_1, group_2,
        row_number() over (order by size_1 desc, size_2 desc, group_1 nulls last, group_2 nulls last) - 1 as place
    from sized
    order by place
    limit $p4
),
placed as (
    select
        dated.period, dated.person, dated.events_1, dated.events_2,
        ranked.group_1, ranked.group_2,
        coalesce(ranked.place, $p4) as place
    from dated
    left join ranked on ranked.group_1 is not distinct from dated.group_1 and ranked.group_2 is not distinct from dated.group_2
),
firsts as (
    select
        placed.*,
        min(case when events_2 > 0 then period end) over (partition by place, person) as first_2
    from placed
)
select
    place, group_1, group_2, period,
    cast(sum(events_1) as bigint) as part_1_0,
    count(distinct person) filter (where events_2 > 0 and period = first_2) as part_2_0
from firsts
group by grouping sets ((place, group_1, group_2, period), (place, group_1, group_2))
