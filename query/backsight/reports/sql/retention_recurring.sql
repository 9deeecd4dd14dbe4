select person, period, min(place) as place
from dated
where starts and place >= {first} and place < {end}
group by person, period
