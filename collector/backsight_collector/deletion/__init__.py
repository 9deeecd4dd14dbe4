"""Deleting persons everywhere: who and what that is, the work, and what must not come back.

extent.py       which devices and users a deletion covers, by the statements of its moment
mentions.py     whether bytes name one of them
rows.py         which rows of a file go, and the file without them
document.py     what stands in the lake about a deletion: its extent, what it has removed, how far it is
work.py         the work itself, in slices, to be begun anew after a kill
remembered.py   what was deleted, so that what arrives late does not bring it back
"""
