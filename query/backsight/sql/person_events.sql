with matched as (
    {matched}
)
select matched.*
from matched
join places
    on places.place = matched.place
    and places.page = matched.page
    and places.sequence = matched.sequence
