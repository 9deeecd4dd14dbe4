with matched as (
    {matched}
)
select count(*) as events, min(place) as first, max(place) as last
from matched
