-- events: 1 Parquet files of shop: time, type, name, device, page, sequence
-- resolved: 0 rows of person, last_start, place_1, place_2, place_3
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "B"
-- $p3 = 1209600000000
-- $p4 = 9223372036854775807
-- $p5 = 3371414400000000
with matched as materialized (
    select
        e.device as person,
        ((epoch_us(e.time) - (-1577923200000000)) << 11) + least(e.sequence, 2047) as place,
        e.page as page,
        e.sequence as sequence,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1,
        (e.type = $p0 and (e.name is not null and e.name = $p2)) as step_2,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_3
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1))
        or (e.type = $p0 and (e.name is not null and e.name = $p2)))
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
step_3 as materialized (
    select earlier.person, earlier.place_1, earlier.place_2, later.place as place_3
    from (select person, place from matched where step_3) as later
    asof join step_2 as earlier
        on later.person = earlier.person and later.place > earlier.place_2
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
reached_3 as (
    select person, arg_min(place_1, xor(place_3, 2047)) as place_1, arg_min(place_2, xor(place_3, 2047)) as place_2, min(place_3) as place_3
    from step_3
    group by person
),
attempts as (
    select
        reached_1.person,
        reached_1.last_start,
        coalesce(reached_3.place_1, reached_2.place_1, reached_1.place_1) as place_1,
        coalesce(reached_3.place_2, reached_2.place_2) as place_2,
        coalesce(reached_3.place_3) as place_3
    from reached_1
        left join reached_2 on reached_2.person = reached_1.person
        left join reached_3 on reached_3.person = reached_1.person
    where reached_1.person not in (select person from resolved)
    union all
    select person, last_start, place_1, place_2, place_3 from resolved
),
disordered as (
    select a.person
    from (select person, place >> 11 as instant, place, page, sequence from matched where step_1) as a
    join (select person, place >> 11 as instant, place, page, sequence from matched where step_2) as b
        on a.person = b.person and a.instant = b.instant
    where a.page <> b.page or (a.place = b.place and a.sequence <> b.sequence)
    union
    select a.person
    from (select person, place >> 11 as instant, place, page, sequence from matched where step_2) as a
    join (select person, place >> 11 as instant, place, page, sequence from matched where step_3) as b
        on a.person = b.person and a.instant = b.instant
    where a.page <> b.page or (a.place = b.place and a.sequence <> b.sequence)
)
select
    count(*) filter (where place_1 is not null) as count_1,
    count(*) filter (where place_1 is not null and place_2 is null and (last_start >> 11) + $p3 >= $p5) as open_1,
    count(*) filter (where place_2 is not null) as count_2,
    count(*) filter (where place_2 is not null and place_3 is null and (last_start >> 11) + $p3 >= $p5) as open_2,
    avg((place_2 >> 11) - (place_1 >> 11)) as mean_2,
    quantile_cont((place_2 >> 11) - (place_1 >> 11), [0.5, 0.9]) as quantiles_2,
    count(*) filter (where place_3 is not null) as count_3,
    0 as open_3,
    avg((place_3 >> 11) - (place_2 >> 11)) as mean_3,
    quantile_cont((place_3 >> 11) - (place_2 >> 11), [0.5, 0.9]) as quantiles_3,
    (
        select list({
            person: matched.person, place: matched.place, page: matched.page, sequence: matched.sequence,
            steps: (matched.step_1::integer << 0) + (matched.step_2::integer << 1) + (matched.step_3::integer << 2)
        })
        from matched
        where matched.person in (select person from disordered where person not in (select person from resolved))
    ) as unordered
from attempts
