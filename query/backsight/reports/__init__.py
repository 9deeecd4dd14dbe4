"""Reports: from a request to one SQL statement to the answer of the HTTP API, as plain JSON values.

Each module has `run(request, context)` and `sql(request, context)`.
"""
