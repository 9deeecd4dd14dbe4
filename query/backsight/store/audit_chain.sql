-- Where a change was asked for; and a digest of each line with the one before it, so that no line can be changed or
-- taken out from between others unseen. Digests of the lines that stand are computed next (sqlite.py).

alter table audit add column address text; -- null: on this machine

alter table audit add column digest text;
