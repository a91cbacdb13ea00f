-- What a server remembers of a platform's accounts is true as long as this number is the one that it left. Who
-- changes a guarded account changes it: a batch to a number that was never there before, everybody else by one.
alter table business_day add column version bigint not null default 0;

-- For the writes of a batch that was decided on what was remembered: it is undone when somebody was faster.
create function expect_version(actual bigint) returns void language plpgsql as $$
begin
  if actual <> 1 then
    raise exception 'the accounts changed after they were read' using errcode = 'GJ002';
  end if;
end $$;
