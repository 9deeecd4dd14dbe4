with matched as (
    {matched}
),
entered as (
    select
        *,
        case{entry}
        end as entry
    from matched
),
named as (
    select *, {value} as value
    from entered
)
select person, place, page, coalesce(node, -1) as node{columns}
from named
{join} path_nodes on path_nodes.entry = named.entry and path_nodes.value = named.value
where {who}
