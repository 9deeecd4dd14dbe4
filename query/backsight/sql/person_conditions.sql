-- Persons are the same in all of their events: one is enough.
select *
from (
    {matched}
) as seen
limit 1
