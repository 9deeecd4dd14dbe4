select person, max(case when place >= {first} then coalesce(period, {beyond}) end) as period, max(place) as place
from dated
where returns
group by person
