-- The account ledger (账务). Amounts are minor units of the account's currency.

-- A guarded account (外部户) is a member's: it is locked, decided on, and may refuse. An internal account
-- (内部户) is the system's: it never refuses, and what is posted to it waits in account_delta to be folded.
create table account (
  platform_id     bigint      not null,
  account_id      bigint      not null,
  main_account_id bigint      not null,
  purpose         text        not null,
  guarded         boolean     not null,
  currency        text        not null,
  state           text        not null default 'open'
                  check (state in ('open', 'debit_stopped', 'credit_stopped', 'stopped', 'closed')),
  balance         bigint      not null default 0,
  held            bigint      not null default 0,
  overdraft_limit bigint      not null default 0,
  last_move_id    bigint      not null default 0,
  opened_at       timestamptz not null,
  closed_at       timestamptz,
  primary key (platform_id, account_id),
  check (held >= 0 and overdraft_limit >= 0),
  check (guarded or (held = 0 and overdraft_limit = 0 and state = 'open')),
  constraint account_not_overdrawn check (not guarded or balance - held >= -overdraft_limit),
  constraint account_closed_empty check (state <> 'closed' or (balance = 0 and held = 0))
) with (fillfactor = 50);

-- One debit, one credit, one amount; never updated, never deleted. The number holds the time it was booked
-- (see move_instant). What each guarded side had after it is kept; an internal side has null.
create table transfer (
  platform_id       bigint not null,
  transfer_id       bigint not null,
  debit_account_id  bigint not null,
  credit_account_id bigint not null,
  amount            bigint not null check (amount between 1 and 9007199254740991),
  debit_balance     bigint,
  debit_held        bigint,
  credit_balance    bigint,
  credit_held       bigint,
  reverses_id       bigint,
  business_date     date   not null,
  code              text   not null,
  reference         text,
  memo              text,
  primary key (platform_id, transfer_id),
  check (debit_account_id <> credit_account_id)
);
create index transfer_debit on transfer (platform_id, debit_account_id, transfer_id);
create index transfer_credit on transfer (platform_id, credit_account_id, transfer_id);
create unique index transfer_reversal on transfer (platform_id, reverses_id) where reverses_id is not null;

-- Money put aside on one account (冻结). `remaining` falls with each release and capture, never rises.
create table hold (
  platform_id bigint not null,
  hold_id     bigint not null,
  account_id  bigint not null,
  amount      bigint not null check (amount between 1 and 9007199254740991),
  remaining   bigint not null,
  owner       text,
  reason      text   not null,
  expires_at  timestamptz,
  primary key (platform_id, hold_id),
  check (remaining between 0 and amount)
) with (fillfactor = 70);
create index hold_account on hold (platform_id, account_id, hold_id);
create index hold_expiry on hold (platform_id, expires_at) where remaining > 0 and expires_at is not null;

-- What happened to a hold, and what its account had after it. A capture has the number of its transfer.
create table hold_event (
  platform_id   bigint not null,
  move_id       bigint not null,
  hold_id       bigint not null,
  account_id    bigint not null,
  kind          text   not null check (kind in ('placed', 'released', 'captured', 'expired')),
  amount        bigint not null check (amount between 1 and 9007199254740991),
  remaining     bigint not null check (remaining >= 0),
  balance       bigint not null,
  held          bigint not null check (held >= 0),
  business_date date   not null,
  primary key (platform_id, move_id)
);
create index hold_event_hold on hold_event (platform_id, hold_id, move_id);
create index hold_event_account on hold_event (platform_id, account_id, move_id);

-- Every request that was answered, accepted or refused, with a digest of what it asked. An accepted one has
-- the numbers of its moves, which are consecutive; from those its answer is read again, word for word.
create table ledger_request (
  platform_id   bigint not null,
  request_id    text   collate "C" not null check (length(request_id) between 1 and 200),
  fingerprint   bytea  not null check (length(fingerprint) = 16),
  first_move_id bigint,
  move_count    integer not null check (move_count >= 0),
  refusal       jsonb,
  primary key (platform_id, request_id),
  check ((refusal is null) = (move_count > 0) and (refusal is null) = (first_move_id is not null))
);

-- What internal accounts have yet to be told: one row a batch and account, drained by deleting.
create table account_delta (
  platform_id bigint not null,
  account_id  bigint not null,
  move_id     bigint not null,
  delta       bigint not null,
  primary key (platform_id, account_id, move_id)
);

-- The moment that a move's number stands for: milliseconds since 2020 times 4096, plus a counter.
create function move_instant(move_id bigint) returns timestamptz
  language sql immutable strict parallel safe
  return timestamptz '2020-01-01 00:00:00+00' + (move_id / 4096) * interval '1 millisecond';

-- Rows that say what happened are only ever added. The triggers hold for every role, the owner too.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: correct it with a new row', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger transfer_append_only before update or delete or truncate on transfer
  for each statement execute function refuse_change();
create trigger hold_event_append_only before update or delete or truncate on hold_event
  for each statement execute function refuse_change();
create trigger ledger_request_append_only before update or delete or truncate on ledger_request
  for each statement execute function refuse_change();

-- For the writers of documents: the batch is undone when a document is no longer as it must be.
create function expect_count(actual bigint, expected bigint) returns void language plpgsql as $$
begin
  if actual <> expected then
    raise exception 'a document changed meanwhile: % of % are as expected', actual, expected using errcode = 'GJ001';
  end if;
end $$;
