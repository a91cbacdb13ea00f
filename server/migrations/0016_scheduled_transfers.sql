-- A transfer that is made later (预约转账): once, or again and again. What is owed is this row. Its next occurrence is due
-- at an instant or on a business date, and later when an attempt was refused.
create table scheduled_transfer (
  platform_id       bigint      not null references platform,
  schedule_id       uuid        not null,
  -- The key it was asked with, so that a repeat makes no second one.
  request_id        text        not null,
  debit_account_id  bigint      not null,
  credit_account_id bigint      not null,
  amount            bigint      not null check (amount between 1 and 9007199254740991),
  reference         text,
  memo              text,
  every             text        not null check (every in ('once', 'day', 'week', 'month')),
  -- When the first one is due: an instant (once only), or a business date.
  first_at          timestamptz,
  first_date        date,
  until_date        date,
  created_at        timestamptz not null,
  state             text        not null check (state in ('active', 'finished', 'cancelled')),
  -- The occurrence to be made next, counted from 1, when it is due, and how often it was tried.
  occurrence        integer     not null check (occurrence >= 1),
  due_date          date,
  attempt           integer     not null check (attempt >= 1),
  retry_at          timestamptz,
  primary key (platform_id, schedule_id),
  unique (platform_id, request_id),
  check ((first_at is null) <> (first_date is null)),
  check (first_at is null or every = 'once'),
  check (first_date is null or due_date is not null)
);
create index scheduled_transfer_due_date on scheduled_transfer (platform_id, due_date) where state = 'active';
create index scheduled_transfer_due_at on scheduled_transfer (platform_id, first_at)
  where state = 'active' and first_at is not null;

-- What became of an attempt. A posted one is written with its money.
create table scheduled_transfer_run (
  platform_id  bigint      not null,
  schedule_id  uuid        not null,
  occurrence   integer     not null,
  attempt      integer     not null,
  due_date     date,
  tried_at     timestamptz not null,
  transfer_id  bigint,
  -- Why the ledger refused it.
  refusal_code text,
  primary key (platform_id, schedule_id, occurrence, attempt),
  foreign key (platform_id, schedule_id) references scheduled_transfer,
  check ((transfer_id is null) <> (refusal_code is null))
);
create trigger scheduled_transfer_run_append_only before update or delete or truncate on scheduled_transfer_run
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on scheduled_transfer_run from guanjia_app;
    revoke delete on scheduled_transfer from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
