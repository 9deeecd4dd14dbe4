select distinct
    matched.person,
    watched.outcome,
    watched.stratum,
    matched.type,
    nearest.element_id,
    case
        when matched.type = 'pageview' then matched.path
        when matched.type = 'track' then matched.name
        else matched.text
    end as word
from matched
join watched on watched.person = matched.person
left join nearest on nearest.node_id = matched.node_id
where matched.place > watched.first
  and matched.place < watched.last
  and not matched.named
  and (nearest.element_id is not null or matched.type in ('pageview', 'track'))
