select earlier.person, {places}, min(later.place) as place_{k}
from (select person, place from matched where step_{k}) as later
join step_{previous} as earlier
    on later.person = earlier.person and later.place > earlier.place_{previous}
where {elapsed} <= {window}
group by earlier.person, {places}
