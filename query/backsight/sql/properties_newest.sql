select {columns}
from events as e
where e.time >= {since}{having}
