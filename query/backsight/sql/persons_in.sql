with matched as (
    {matched}
)
select distinct person
from matched
where counts
