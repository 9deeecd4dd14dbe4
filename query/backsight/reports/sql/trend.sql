with matched as (
    {matched}
),
dated as materialized (
    select matched.*, calendar.period
    from matched
    join calendar on calendar.slot = matched.slot
)
{series}
