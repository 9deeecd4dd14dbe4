with matched as (
    {matched}
)
select person
from matched
where did
group by person{having}
