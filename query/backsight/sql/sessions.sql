select person, place, starts
from (
    {matched}
) as seen
where {who}
