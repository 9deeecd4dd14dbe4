with matched as (
    {matched}
),
said as (
    select case when grouping(path) = 1 then 'texts' else 'pages' end as figure,
        coalesce(text, path) as value, count(*) as events
    from matched
    where matches
    group by grouping sets ((text), (path))
),
ranked as (
    -- An event may have none: that is one of the rows, and no text or page that is counted.
    select *, count(value) over (partition by figure) as numbers,
        row_number() over (partition by figure order by events desc, value nulls last) as place
    from said
)
select figure, value, events, numbers
from ranked
where place <= {limit}
order by figure, place
