select a.person
from (select person, place >> 11 as instant, place, page, sequence from matched where step_{k}) as a
join (select person, place >> 11 as instant, place, page, sequence from matched where step_{following}) as b
    on a.person = b.person and a.instant = b.instant
where a.page <> b.page or (a.place = b.place and a.sequence <> b.sequence)
