-- events: 1 Parquet files of shop: time, type, name, device, user, page, sequence
-- identity_devices: 1 rows of device, user
-- identity_pairs: 2 rows of device, user
-- resolved: 0 rows of person, last_start, place_1
-- $p0 = "track"
-- $p1 = "A"
-- $p3 = 9223372036854775807
with matched as materialized (
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
),
step_1 as (
    select person, place as place_1
    from matched
    where step_1 and place < $p3
),
reached_1 as (
    select person, min(place_1) as place_1, max(place_1) as last_start
    from step_1
    group by person
),
attempts as (
    select
        reached_1.person,
        reached_1.last_start,
        coalesce(reached_1.place_1) as place_1
    from reached_1
    where reached_1.person not in (select person from resolved)
    union all
    select person, last_start, place_1 from resolved
),
disordered as (
    select person from matched where false
)
select
    count(*) filter (where place_1 is not null) as count_1,
    0 as open_1,
    (
        select list({
            person: matched.person, place: matched.place, page: matched.page, sequence: matched.sequence,
            steps: (matched.step_1::integer << 0)
        })
        from matched
        where matched.person in (select person from disordered where person not in (select person from resolved))
    ) as unordered
from attempts
