-- events: 1 Parquet files of shop: time, node_id, session, text
-- meant: 1 rows of kin, node_id, place
-- by_text: 1 rows of kin, text, said
-- $since = "2026-08-03T00:00:00Z"
-- $until = "2026-11-01T00:00:00Z"
with used as (
    select
        meant.kin,
        meant.place,
        cast(e.time as date) as day,
        coalesce(by_text.said, 0) as said,
        count(distinct e.session) as visits
    from events as e
    join meant on meant.node_id = e.node_id
    left join by_text on by_text.kin = meant.kin and by_text.text = e.text
    where e.time >= $since and e.time < $until
    group by all
)
select *
from used
-- Of very many nodes some, of which all days: what is new each day is cut as what stays is.
qualify row_number() over (partition by kin order by hash(place), place, day, said) <= 200000
