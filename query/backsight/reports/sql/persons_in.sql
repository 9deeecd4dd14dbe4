with matched as (
    {matched}
)
select {figures}
from matched
where counts
