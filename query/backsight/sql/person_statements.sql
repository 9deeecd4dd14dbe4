-- What is said of a person's devices and user, with what revokes it, and what revokes that.
with recursive about as (
    select distinct statement_id
    from statements
    where "user" = $person or device in (select device from devices)
    union
    select statements.statement_id
    from statements
    join about on about.statement_id = statements.revokes
)
select statements.*, count(*) over () as total
from statements
join about on about.statement_id = statements.statement_id
order by time, statement_id
limit $limit
