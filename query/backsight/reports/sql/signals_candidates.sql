with matched as (
    {matched}
),
done as (
    {done}
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
    from done
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
