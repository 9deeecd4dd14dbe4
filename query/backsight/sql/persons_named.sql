-- Of the devices and users that are asked about, what the statements call them.
select distinct device as id, device_id, null as user_id
from statements
where device in (select id from asked) and device_id is not null
union all
select distinct "user" as id, null as device_id, user_id
from statements
where "user" in (select id from asked) and user_id is not null
order by id, device_id, user_id
