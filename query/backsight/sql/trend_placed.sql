placed as (
    select
        {columns},
        {groups},
        {place} as place
    from dated
    left join ranked on {same}
)
