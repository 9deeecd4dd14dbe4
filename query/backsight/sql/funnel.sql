with matched as (
    {matched}
)
select person, place{others}, cast({steps} as integer) as steps
from matched
