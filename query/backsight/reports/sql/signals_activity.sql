with matched as (
    {matched}
),
done as (
    {done}
)
select
    person,
    count(*) as things
from done
group by person
