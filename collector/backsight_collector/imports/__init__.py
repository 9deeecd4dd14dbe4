"""History from elsewhere: exports of other products become records of a journal of their own.

files.py       which files, what they are, and how they are opened
rows.py        their rows, one by one
formats/       what a row of each product's export says
mapped.py      in which terms it is said
parts.py       rows of a chunk become bodies of journal records; dialects/imported.py reads these
progress.py    how far an import is: survives any kill
importing.py   one file, from start to end
backlog.py     how far the lake is behind the journal
"""
