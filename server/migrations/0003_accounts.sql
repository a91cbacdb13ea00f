-- The platform's real account at a bank (主体账户), under which all virtual accounts are.
create table main_account (
  platform_id     bigint      not null references platform,
  main_account_id bigint      not null,
  number          text        not null check (number ~ '^[0-9A-Z]{1,34}$'),
  name            text        not null check (length(name) between 1 and 120),
  bank_name       text,
  currency        text        not null check (currency ~ '^[A-Z]{3}$'),
  prefix          text        not null check (prefix ~ '^([0-9]{5}|[0-9]{12})$'),
  -- The system's own accounts of this main account.
  bank_clearing_account_id bigint not null,
  bank_debits_account_id   bigint not null,
  created_at      timestamptz not null,
  primary key (platform_id, main_account_id),
  unique (platform_id, number),
  unique (platform_id, prefix)
);

-- A person or a company under a platform (会员).
create table member (
  platform_id bigint      not null references platform,
  member_id   uuid        not null,
  kind        text        not null check (kind in ('person', 'company', 'platform')),
  name        text        not null check (length(name) between 1 and 120),
  -- The platform's own key for the member.
  reference   text        check (length(reference) between 1 and 64),
  metadata    jsonb       not null default '{}',
  created_at  timestamptz not null,
  primary key (platform_id, member_id),
  unique (platform_id, reference)
);

-- Bank accounts from which a member pays: a deposit from one that exactly one member has is that member's.
create table payer_account (
  platform_id    bigint      not null,
  member_id      uuid        not null,
  account_number text        not null check (account_number ~ '^[0-9A-Z]{1,34}$'),
  -- Where a deposit from it goes: one of the member's virtual accounts.
  account_id     bigint      not null,
  created_at     timestamptz not null,
  primary key (platform_id, account_number, member_id),
  foreign key (platform_id, member_id) references member
);

-- A numbered account (虚拟户) on the ledger. The number is an attribute, never a key of anything else.
create table virtual_account (
  platform_id     bigint      not null,
  account_id      bigint      not null,
  main_account_id bigint      not null,
  member_id       uuid,
  number          text        not null check (number ~ '^[0-9]{19}$'),
  name            text        not null check (length(name) between 1 and 120),
  kind            text        not null
                  check (kind in ('trading', 'margin', 'platform', 'suspense', 'interestAndFees', 'opening')),
  -- A code that a payer may quote in the remittance text; matched as a whole word.
  reference_code  text        check (reference_code ~ '^[0-9A-Z]{4,32}$'),
  metadata        jsonb       not null default '{}',
  created_at      timestamptz not null,
  primary key (platform_id, account_id),
  unique (platform_id, number),
  unique (platform_id, main_account_id, reference_code),
  foreign key (platform_id, account_id) references account,
  foreign key (platform_id, main_account_id) references main_account,
  foreign key (platform_id, member_id) references member
);
create unique index virtual_account_public on virtual_account (platform_id, main_account_id, kind)
  where kind in ('suspense', 'interestAndFees', 'opening', 'platform');
create index virtual_account_member on virtual_account (platform_id, member_id);
