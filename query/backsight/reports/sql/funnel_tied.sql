with matched as (
    {matched}
)
select person, place, page, sequence, cast({steps} as integer) as steps
from matched
where person in (select person from tied)
