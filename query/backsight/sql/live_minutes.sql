select (epoch_us(received_at) - epoch_us($begin)) // 60000000 as minute, count(*) as events
from events
where received_at >= $begin
group by 1
