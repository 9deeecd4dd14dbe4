"""One scan: which events, of which persons, within which moments, and what each of them fills.

`request` reads what all questions have in common (`moments`, `periods`), `person_conditions` what is asked of
persons. `matched` makes the one statement that picks events and resolves persons (`person_sets`,
`person_ids`), over what a `context` holds: a snapshot, its trie, its identities. `order` says which of two
events comes first; `shares` asks of a share of the persons at a time.
"""
