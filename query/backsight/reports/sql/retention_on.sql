select person, period, max(place) as place
from dated
where returns and period is not null
group by person, period
