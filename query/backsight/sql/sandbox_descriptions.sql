create view descriptions as
select
    element_id,
    any_value(tag) as tag,
    any_value(namespace) as namespace,
    any_value(attributes) as attributes
from _elements
group by element_id
