select
    person,
    count(*) as things
from (
    select distinct done.person, done.type, nearest.element_id, done.text, done.path, done.name
    from done
    left join nearest on nearest.node_id = done.node_id
) as things
group by person
