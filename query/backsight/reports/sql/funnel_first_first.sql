select person, min(place) as place_1
from matched
where step_1 and place < {starts_before}
group by person
