-- Live pairs of device and user, with the moment at which each was first said.
with said as (
    select distinct statement_id, time, sequence, page, device, "user"
    from statements
    where kind in ('identify', 'observed')
      and device is not null
      and "user" is not null
      and statement_id not in (select statement_id from void)
),
ranked as (
    select
        device,
        "user",
        -- Ties are broken by what the statements say, never by where they stand in the lake.
        row_number() over (
            partition by device order by time, page, sequence, statement_id
        ) as place
    from said
)
select device, "user", min(place) = 1 as first
from ranked
group by device, "user"
