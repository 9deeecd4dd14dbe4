with matched as (
    {matched}
),
told as (
    select
        person, place, page, amount{columns},
        converts and {counts} as converts,
        arrives and {counts} and ({some}) as touches
    from matched
)
select *
from told
where {filter}
