-- Some banks count the references of their entries anew each booking day. Where a main account says so, an entry is
-- known by its booking date and its reference together. It is never turned off: what was recorded would come again.
alter table main_account add column references_per_day boolean not null default false;
