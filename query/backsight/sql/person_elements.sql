select nodes.node_id, elements.tag, elements.attributes
from asked
join nodes on nodes.node_id = asked.node_id
join elements on elements.element_id = nodes.element_id
