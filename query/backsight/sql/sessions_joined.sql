select seen.*, sessions.session
from (
    {matched}
) as seen
asof left join sessions
    on sessions.person = seen.person and seen.place >= sessions.place
