-- Changes with each rule on who may pay whom and how much. A request that was looked at under other rules is not done,
-- and is looked at again: so a server may remember that there are none.
alter table business_day add column rules_version bigint not null default 0;

-- What may leave or reach an account, or all accounts of a member: `subject` is platform (each account), account/<id>
-- or member/<uuid>. Minor units; null: no limit of that kind.
create table limit_rule (
  platform_id    bigint      not null references platform,
  rule_id        uuid        not null,
  subject        text        not null check (subject ~ '^(platform|account/[0-9]+|member/[0-9a-f-]{36})$'),
  direction      text        not null check (direction in ('out', 'in')),
  act            text        not null check (act in ('transfer', 'withdrawal', 'escrow_pay', 'any')),
  currency       text        not null,
  single_amount  bigint      check (single_amount between 0 and 9007199254740991),
  day_amount     bigint      check (day_amount between 0 and 9007199254740991),
  day_count      integer     check (day_count >= 0),
  month_amount   bigint      check (month_amount between 0 and 9007199254740991),
  month_count    integer     check (month_count >= 0),
  window_seconds integer     check (window_seconds between 1 and 86400),
  window_amount  bigint      check (window_amount between 0 and 9007199254740991),
  window_count   integer     check (window_count >= 0),
  changed_at     timestamptz not null,
  primary key (platform_id, rule_id),
  unique (platform_id, subject, direction, act, currency),
  check (direction = 'out' or act in ('transfer', 'any')),
  check ((window_seconds is null) = (window_amount is null and window_count is null)),
  check (num_nonnulls(single_amount, day_amount, day_count, month_amount, month_count, window_seconds) > 0)
);

-- Whom an account or a member may not pay or be paid by (block), or may pay only (allow). Both as account/<id> or
-- member/<uuid>; a block may be for the whole platform.
create table counterparty_entry (
  platform_id  bigint      not null references platform,
  entry_id     uuid        not null,
  list         text        not null check (list in ('block', 'allow')),
  subject      text        not null check (subject ~ '^(platform|account/[0-9]+|member/[0-9a-f-]{36})$'),
  counterparty text        not null check (counterparty ~ '^(account/[0-9]+|member/[0-9a-f-]{36})$'),
  reason       text        not null check (length(reason) between 1 and 500),
  added_at     timestamptz not null,
  primary key (platform_id, entry_id),
  unique (platform_id, list, subject, counterparty),
  check (list = 'block' or subject <> 'platform')
);

-- What an account or a member has used, by business date: counted in the transaction that moves the money.
create table limit_usage (
  platform_id   bigint  not null,
  subject       text    not null,
  direction     text    not null,
  currency      text    not null,
  business_date date    not null,
  act           text    not null,
  amount        numeric not null check (amount >= 0),
  count         bigint  not null check (count >= 0),
  primary key (platform_id, subject, direction, currency, business_date, act)
) with (fillfactor = 70);

-- The same one by one, for what is limited within a sliding time: kept for the longest such time.
create table limit_event (
  platform_id bigint not null,
  subject     text   not null,
  direction   text   not null,
  currency    text   not null,
  move_id     bigint not null,
  act         text   not null,
  amount      bigint not null,
  primary key (platform_id, subject, direction, currency, move_id)
);
