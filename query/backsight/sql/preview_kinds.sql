kinds as materialized (
    select type, node_id, count(*) as events
    from dated
    group by type, node_id
)
