-- events: 1 Parquet files of shop: time, node_id, session, text
-- meant: 1 rows of node_id, place
-- $since = "2026-08-03T00:00:00Z"
-- $until = "2026-11-01T00:00:00Z"
-- $said = "'; drop table events; --\n$p0"
select
    meant.place,
    cast(e.time as date) as day,
    coalesce(e.text = $said, false) as says,
    count(distinct e.session) as visits
from events as e
join meant on meant.node_id = e.node_id
where e.time >= $since and e.time < $until
group by meant.place, cast(e.time as date), coalesce(e.text = $said, false)
limit 200000
