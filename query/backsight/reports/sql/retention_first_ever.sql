select person, min(period) as period, min(place) as place
from dated
where starts
group by person
having min(place) >= {first} and min(place) < {end}
