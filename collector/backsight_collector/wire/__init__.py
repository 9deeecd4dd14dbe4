"""What the snippet sends, read: a body becomes events that can be stored, and reasons why others can't."""

from backsight_collector.wire.batch import Batch, Decoded, Element, Event, Node, Page
from backsight_collector.wire.decoding import decode
from backsight_collector.wire.known_elements import KnownElement, KnownElements
from backsight_collector.wire.rejections import MalformedBatch, Rejection

__all__ = [
    "Batch",
    "Decoded",
    "Element",
    "Event",
    "KnownElement",
    "KnownElements",
    "MalformedBatch",
    "Node",
    "Page",
    "Rejection",
    "decode",
]
