-- The own id of every user that a statement names.
select "user", min(user_id) as user_id
from statements
where "user" is not null
group by "user"
