with things as (
    select distinct
        done.person,
        watched.outcome,
        watched.stratum,
        done.type,
        nearest.element_id,
        coalesce(done.text, done.path, done.name) as word
    from done
    join watched on watched.person = done.person
    left join nearest on nearest.node_id = done.node_id
    where nearest.element_id is not null or done.type in ('pageview', 'track')
),
counted as (
    select
        type,
        element_id,
        word,
        grouping(word) = 1 as whole,
        stratum,
        count(distinct person) as did,
        count(distinct case when outcome then person end) as did_with
    from things
    group by grouping sets ((type, element_id, stratum), (type, element_id, word, stratum))
)
select
    type,
    element_id,
    word,
    whole,
    array_agg(stratum) as strata,
    array_agg(did) as did,
    array_agg(did_with) as did_with
from counted
group by type, element_id, word, whole
having sum(did) >= {least}
