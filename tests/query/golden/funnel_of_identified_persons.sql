-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- identity_devices: 1 rows of device, user
-- resolved: 0 rows of person, last_start, place_1, place_2
-- identity_traits: 0 rows of person, traits
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = 1209600000000
-- $p4 = 9223372036854775807
-- $p5 = 3371414400000000
-- $p6 = "/plan"
-- $p7 = "'; drop table events; --\n$p0"
with matched as materialized (
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
      and coalesce(case when json_type(json_extract(person_traits.traits, $p6)) = 'VARCHAR' then json_extract_string(json_extract(person_traits.traits, $p6), '$') end = $p7, false)
),
step_1 as (
    select person, place as place_1
    from matched
    where step_1 and place < $p4
),
step_2 as materialized (
    select earlier.person, earlier.place_1, later.place as place_2
    from (select person, place from matched where step_2) as later
    asof join step_1 as earlier
        on later.person = earlier.person and later.place > earlier.place_1
    where (later.place >> 11) - (earlier.place_1 >> 11) <= $p3
),
reached_1 as (
    select person, min(place_1) as place_1, max(place_1) as last_start
    from step_1
    group by person
),
reached_2 as (
    select person, arg_min(place_1, xor(place_2, 2047)) as place_1, min(place_2) as place_2
    from step_2
    group by person
),
attempts as (
    select
        reached_1.person,
        reached_1.last_start,
        coalesce(reached_2.place_1, reached_1.place_1) as place_1,
        coalesce(reached_2.place_2) as place_2
    from reached_1
        left join reached_2 on reached_2.person = reached_1.person
    where reached_1.person not in (select person from resolved)
    union all
    select person, last_start, place_1, place_2 from resolved
),
disordered as (
    select a.person
    from (select person, place >> 11 as instant, place, page, sequence from matched where step_1) as a
    join (select person, place >> 11 as instant, place, page, sequence from matched where step_2) as b
        on a.person = b.person and a.instant = b.instant
    where a.page <> b.page or (a.place = b.place and a.sequence <> b.sequence)
)
select
    count(*) filter (where place_1 is not null) as count_1,
    count(*) filter (where place_1 is not null and place_2 is null and (last_start >> 11) + $p3 >= $p5) as open_1,
    count(*) filter (where place_2 is not null) as count_2,
    0 as open_2,
    avg((place_2 >> 11) - (place_1 >> 11)) as mean_2,
    quantile_cont((place_2 >> 11) - (place_1 >> 11), [0.5, 0.9]) as quantiles_2,
    (
        select list({
            person: matched.person, place: matched.place, page: matched.page, sequence: matched.sequence,
            steps: (matched.step_1::integer << 0) + (matched.step_2::integer << 1)
        })
        from matched
        where matched.person in (select person from disordered where person not in (select person from resolved))
    ) as unordered
from attempts
