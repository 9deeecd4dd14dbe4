select min(time) as since
from (select e.time from events as e where e.time is not null{having} order by e.time desc limit {sample})
