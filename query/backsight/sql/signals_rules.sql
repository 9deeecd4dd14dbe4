with persons as (
    select
        e.person,
        {flags}
    from done as e
    group by e.person
)
select
    watched.stratum,
    {figures}
from persons
join watched on watched.person = persons.person
group by watched.stratum
