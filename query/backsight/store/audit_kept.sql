-- Audit lines are added and never changed.

create trigger audit_is_never_changed before update on audit begin
    select raise(abort, 'audit lines are never changed');
end;

create trigger audit_is_never_shortened before delete on audit begin
    select raise(abort, 'audit lines are never deleted');
end;
