with matched as (
    {matched}
),
persons as (
    select person, min(time) as first_seen, max(time) as last_seen, count(*) as events
    from matched
    group by person
)
select
    persons.person, users.user_id, persons.first_seen, persons.last_seen, persons.events, traits_of.traits
from persons
    left join users on users."user" = persons.person
    left join traits_of on traits_of.person = persons.person
order by persons.first_seen, persons.person
