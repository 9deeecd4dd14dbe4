select {person} as person, count(*) as n, min({moment}) as first, max({moment}) as last
from {table} as e
    {joins}
where {person} in (select person from asked)
group by {person}
