with used as (
    select
        meant.kin,
        meant.place,
        cast(e.time as date) as day,
        {said} as said,
        count(distinct e.session) as visits
    from events as e
    join meant on meant.node_id = e.node_id{joins}
    where e.time >= $since and e.time < $until
    group by all
)
select *
from used
-- Of very many nodes some, of which all days: what is new each day is cut as what stays is.
qualify row_number() over (partition by kin order by hash(place), place, day, said) <= {limit}
