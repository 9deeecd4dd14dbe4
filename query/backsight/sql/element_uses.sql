select
    meant.place,
    cast(e.time as date) as day,
    {says} as says,
    count(distinct e.session) as visits
from events as e
join meant on meant.node_id = e.node_id
where e.time >= $since and e.time < $until
group by meant.place, cast(e.time as date), {says}
limit {limit}
