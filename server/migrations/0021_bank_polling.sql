-- Which bank is asked for a main account, and where that one listens.
create table bank_connection (
  platform_id     bigint      not null,
  main_account_id bigint      not null,
  -- Which connector speaks with it.
  connector       text        not null check (connector in ('sandbox')),
  url             text        not null check (length(url) between 1 and 500),
  created_at      timestamptz not null,
  primary key (platform_id, main_account_id),
  foreign key (platform_id, main_account_id) references main_account
);

-- How far the lines of a main account were read from its bank. One server at a time has the lease, and may move the
-- cursor on; one that died loses it when its time is over, and what it had recorded already is known by its reference.
create table bank_poll (
  platform_id     bigint      not null,
  main_account_id bigint      not null,
  -- The bank's own; null before the first page.
  cursor          text,
  next_at         timestamptz not null,
  lease           uuid,
  leased_until    timestamptz,
  -- When the bank last answered.
  answered_at     timestamptz,
  -- Times in a row that it did not work, and what was the matter the last time.
  failures        integer     not null default 0 check (failures >= 0),
  problem         text,
  problem_detail  text,
  primary key (platform_id, main_account_id),
  foreign key (platform_id, main_account_id) references bank_connection,
  check ((lease is null) = (leased_until is null)),
  check ((failures = 0) = (problem is null))
);
create index bank_poll_due on bank_poll (platform_id, next_at);

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke delete, truncate on bank_connection, bank_poll from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;

-- A line may be of a payout of ours: paid_out is its debit, payout_returned the credit when the money came back (退汇).
alter table bank_entry_posting drop constraint bank_entry_posting_state_check;
alter table bank_entry_posting add constraint bank_entry_posting_state_check
  check (state in ('credited', 'suspended', 'claimed', 'debited', 'paid_out', 'payout_returned'));
