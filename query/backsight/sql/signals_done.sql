with matched as (
    {matched}
)
select distinct
    matched.person,
    matched.type,
    case when matched.type not in ('pageview', 'track') then matched.node_id end as node_id,
    case when matched.type not in ('pageview', 'track') then matched.text end as text,
    case when matched.type = 'pageview' then matched.path end as path,
    case when matched.type = 'track' then matched.name end as name
from matched
join watched on watched.person = matched.person
where matched.place > watched.first
  and matched.place < watched.last
  and not matched.named
  and (matched.node_id is not null or matched.type in ('pageview', 'track'))
