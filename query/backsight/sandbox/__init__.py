"""SQL that analysts write, answered over documented views of one site.

A statement runs in a process of its own (`worker`), which is given the files of the site and nothing else: no
other file, no network, no settings, bounded memory. It is read there (`vetting`), answered over views that it
mentions (`views`), and its rows come back as Arrow. Whatever it does to that process ends with it.
"""
