create view persons as
with seen as (
    select person, min(time) as first_seen, max(time) as last_seen, count(*) as events
    from raw_events
    group by person
)
select
    {columns}
from seen
left join users on users.person = seen.person
left join said on said.person = seen.person
left join devices on devices.person = seen.person
