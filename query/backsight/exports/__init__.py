"""Plain files out of the lake: what anything can read that reads Parquet, CSV or JSON.

request.py    what is asked, checked
events.py     events, day by day, each with its person, its names and its elements
elements.py   a node as text: its tag, id, classes, selector and chain
tables.py     the other tables
writers.py    Parquet, CSV, NDJSON
files.py      a file or a folder that appears whole or not at all
"""

from backsight.exports.export import Export, Tell, write
from backsight.exports.request import ExportRequest, parse

__all__ = ["Export", "ExportRequest", "Tell", "parse", "write"]
