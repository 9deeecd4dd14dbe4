create view devices as
-- A device that nobody is known to have used is a person itself.
select coalesce(live.person, named.device) as person, list_sort(list(distinct named.device_id)) as device_ids
from (select distinct device, device_id from _statements where device_id is not null) as named
left join (select device, unnest(users) as person from first_users) as live on live.device = named.device
group by coalesce(live.person, named.device)
