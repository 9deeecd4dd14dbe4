-- What an event said of its user or device.
select page, sequence, min(traits) as traits
from statements
where traits is not null and page is not null
group by page, sequence
