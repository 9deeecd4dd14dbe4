with matched as (
    {matched}
),
entered as (
    select
        *,
        case{entry}
        end as entry
    from matched
)
select distinct entry, {value} as value
from entered
where entry in ({each}) and {value} is not null
