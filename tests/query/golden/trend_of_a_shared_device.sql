-- events: 1 Parquet files of shop: time, type, name, device, user
-- identity_devices: 1 rows of device, user
-- identity_pairs: 1 rows of device, user
-- calendar: 31 rows of slot, period
-- $p0 = "track"
-- $p1 = "A"
-- $p2 = "2026-10-01T00:00:00Z"
-- $p3 = "2026-11-01T00:00:00Z"
with matched as (
    select
        e."device" as "device",
        e."user" as "user",
        (epoch_us(e.time) - (-1577923200000000)) // 86400000000 as slot,
        (e.type = $p0 and (e.name is not null and e.name = $p1)) as step_1
    from events as e
    where ((e.type = $p0 and (e.name is not null and e.name = $p1)))
      and e.time >= $p2
      and e.time < $p3
),
tallied as (
    select
        slot, "device", "user",
        count(*) filter (where step_1) as events_1
    from matched
    where step_1
    group by slot, "device", "user"
),
peopled as (
    select e.*, coalesce(live_user."user", first_user."user", e.device) as person
    from tallied as e
        left join identity_pairs as live_user on live_user.device = e.device and live_user."user" = e."user"
        left join identity_devices as first_user on first_user.device = e.device
),
dated as (
    select peopled.*, calendar.period
    from peopled
    join calendar on calendar.slot = peopled.slot
),
firsts as (
    select
        dated.*,
        min(case when events_1 > 0 then period end) over (partition by person) as first_1
    from dated
)
select
    period,
    count(distinct person) filter (where events_1 > 0 and period = first_1) as part_1_0
from firsts
group by grouping sets ((period), ())
