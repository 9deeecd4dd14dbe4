sized as (
    select
        {groups},
        {sizes}
    from dated
    group by {groups}
),
ranked as (
    select
        {groups},
        row_number() over (order by {order}) - 1 as place
    from sized
    order by place
    limit {limit}
)
