with matched as (
    {matched}
)
select person, place, page, cast({steps} as integer) as steps
from matched
