-- A key that is revoked takes the definer's tokens with it that it made; those of before have no maker.

alter table keys add column maker text; -- of a token: the id of the key that made it, or who did on the machine
