with matched as materialized (
    {matched}
),
dated as (
    select * from matched where matches
){kinds},
persons as (
    select person,
        count(*) filter (where stood) as before, count(*) filter (where matches) as after,
        count(*) filter (where matches and not stood) as gained,
        count(*) filter (where stood and not matches) as lost
    from matched
    group by person
)
select 'before' as figure, 0 as key, cast(coalesce(sum(before), 0) as bigint) as value from persons
union all
select 'after', 0, cast(coalesce(sum(after), 0) as bigint) from persons
union all
select 'gained', 0, cast(coalesce(sum(gained), 0) as bigint) from persons
union all
select 'lost', 0, cast(coalesce(sum(lost), 0) as bigint) from persons
union all
select 'before_persons', 0, count(*) from persons where before > 0
union all
select 'after_persons', 0, count(*) from persons where after > 0
union all
select 'gained_persons', 0, count(*) from persons where after > 0 and before = 0
union all
select 'lost_persons', 0, count(*) from persons where before > 0 and after = 0{rules}{overlaps}
