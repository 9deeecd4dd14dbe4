with matched as (
    {matched}
)
select person, place, page{columns}, cast({steps} as integer) as steps
from matched
