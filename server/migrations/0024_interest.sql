-- What balances earn (利率), version by version: of those that have begun the one that began last is in force, of those
-- that began together the highest. Without an account it is the product's; an account's own comes before it. Without
-- terms it says that there is none of its own here.
create table interest_rate (
  platform_id bigint      not null references platform,
  rate_id     uuid        not null,
  product     text        not null check (product in ('trading', 'margin')),
  currency    text        not null check (currency ~ '^[A-Z]{3}$'),
  account_id  bigint,
  version     integer     not null check (version >= 1),
  -- Tiers, with amounts as text, so that no reader makes doubles of them.
  terms       jsonb,
  -- The first business date that it pays for.
  valid_from  date        not null,
  created_at  timestamptz not null,
  primary key (platform_id, rate_id),
  unique nulls not distinct (platform_id, product, currency, account_id, version),
  foreign key (platform_id, account_id) references account
);

-- When interest is settled by itself (结息日): up to that day of those months. Without a row: 20 March, June,
-- September and December.
create table interest_schedule (
  platform_id bigint      not null references platform,
  months      integer[]   not null check (cardinality(months) between 0 and 12 and months <@ '{1,2,3,4,5,6,7,8,9,10,11,12}'),
  day         integer     not null check (day between 1 and 28),
  changed_at  timestamptz not null,
  primary key (platform_id)
);

-- Up to which date an account has its interest. Each settlement and each reversal counts it on, so that of two at once
-- one is done.
create table interest_account (
  platform_id bigint  not null,
  account_id  bigint  not null,
  settled_to  date,
  sequence    integer not null default 0,
  -- Why the last scheduled settlement was not done.
  problem     text,
  primary key (platform_id, account_id),
  foreign key (platform_id, account_id) references account
);
create index interest_account_problem on interest_account (platform_id, account_id) where problem is not null;

-- Interest that the bank has paid, to be divided among accounts by their products.
create table interest_allocation (
  platform_id     bigint      not null,
  allocation_id   uuid        not null,
  request_id      text        not null,
  -- A digest of what was asked, so that a repeat is told from another request.
  content         text        not null,
  main_account_id bigint      not null,
  amount          bigint      not null check (amount between 1 and 9007199254740991),
  period_from     date        not null,
  period_to       date        not null check (period_to >= period_from),
  product         numeric     not null check (product > 0),
  -- What the platform's own rates would have given.
  computed        bigint      not null check (computed >= 0),
  reference       text,
  created_at      timestamptz not null,
  primary key (platform_id, allocation_id),
  unique (platform_id, request_id),
  foreign key (platform_id, main_account_id) references main_account
);

-- The part of each account; it is done when there is a settlement of it.
create table interest_allocation_part (
  platform_id   bigint  not null,
  allocation_id uuid    not null,
  account_id    bigint  not null,
  product       numeric not null check (product >= 0),
  share         bigint  not null check (share >= 0),
  -- The business date of the last try that failed, and why.
  tried_on      date,
  problem       text,
  done          boolean not null default false,
  primary key (platform_id, allocation_id, account_id),
  foreign key (platform_id, allocation_id) references interest_allocation,
  foreign key (platform_id, account_id) references account
);
create index interest_allocation_part_open on interest_allocation_part (platform_id, allocation_id) where not done;

-- Interest that an account got for its days (结息): written with the money. Minor units; `exact` in parts of
-- 1 / 26,280,000,000 of one.
create table interest_settlement (
  platform_id   bigint      not null,
  settlement_id uuid        not null,
  request_id    text        not null,
  account_id    bigint      not null,
  period_from   date        not null,
  period_to     date        not null check (period_to >= period_from),
  product       numeric     not null check (product >= 0),
  exact         numeric     not null check (exact >= 0),
  computed      bigint      not null check (computed >= 0),
  interest      bigint      not null check (interest between 0 and 9007199254740991),
  segments      jsonb       not null,
  allocation_id uuid,
  transfer_id   bigint,
  business_date date        not null,
  at            timestamptz not null,
  primary key (platform_id, settlement_id),
  unique (platform_id, request_id),
  foreign key (platform_id, account_id) references account,
  check ((transfer_id is not null) = (interest > 0)),
  check (allocation_id is not null or interest = computed)
);
create index interest_settlement_account on interest_settlement (platform_id, account_id, settlement_id);
create unique index interest_settlement_allocation on interest_settlement (platform_id, allocation_id, account_id)
  where allocation_id is not null;

-- A settlement that was taken back, once.
create table interest_reversal (
  platform_id   bigint      not null,
  settlement_id uuid        not null,
  request_id    text        not null,
  transfer_id   bigint,
  reason        text        not null check (length(reason) between 1 and 500),
  at            timestamptz not null,
  primary key (platform_id, settlement_id),
  unique (platform_id, request_id)
);

-- A scheduled settlement on a business date: how far it has looked, and, when it is through, how many accounts were left
-- with a problem.
create table interest_run (
  platform_id   bigint      not null references platform,
  period_to     date        not null,
  business_date date        not null,
  looked_to     bigint      not null default 0,
  problems      integer     check (problems >= 0),
  finished_at   timestamptz,
  primary key (platform_id, period_to, business_date),
  check ((problems is null) = (finished_at is null))
);

create trigger interest_rate_append_only before update or delete or truncate on interest_rate
  for each statement execute function refuse_change();
create trigger interest_settlement_append_only before update or delete or truncate on interest_settlement
  for each statement execute function refuse_change();
create trigger interest_reversal_append_only before update or delete or truncate on interest_reversal
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete, truncate on interest_rate, interest_settlement, interest_reversal from guanjia_app;
    revoke update, delete, truncate on interest_allocation from guanjia_app;
    revoke delete, truncate on interest_account, interest_allocation_part, interest_run from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
