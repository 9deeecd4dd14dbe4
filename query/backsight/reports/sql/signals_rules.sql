with matched as (
    {matched}
),
done as (
    select
        matched.person,
        watched.outcome,
        watched.stratum,
        {flags}
    from matched
    join watched on watched.person = matched.person
    where matched.place > watched.first
      and matched.place < watched.last
      and not matched.named
    group by matched.person, watched.outcome, watched.stratum
)
select
    stratum,
    {figures}
from done
group by stratum
