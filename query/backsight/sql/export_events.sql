with matched as (
    {matched}
)
select
    {columns},
    list_filter([{names}], lambda name: name is not null) as names,
    matched.person,
    users.user_id,
    said.traits
from matched
    left join users on users."user" = matched."user"
    left join said on said.page = matched.page and said.sequence = matched.sequence
where {wanted}
order by matched.time, matched.page, matched.sequence
