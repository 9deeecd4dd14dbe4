-- Of a device that someone has identified on since, the first such user; else whoever is listed.
select distinct coalesce(first_user."user", listed.person) as person
from listed
    left join identity_devices as first_user on first_user.device = listed.person
