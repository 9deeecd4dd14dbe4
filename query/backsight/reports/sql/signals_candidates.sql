with matched as (
    {matched}
),
done as (
    select distinct
        matched.person,
        watched.outcome,
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
)
select
    type,
    element_id,
    word,
    grouping(word) = 1 as whole,
    count(distinct person) as did,
    count(distinct case when outcome then person end) as did_with
from done
where type in ('pageview', 'track') or element_id is not null
group by grouping sets ((type, element_id), (type, element_id, word))
having count(distinct person) >= {least}
