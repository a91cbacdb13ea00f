-- What a product costs (费率), version by version: of those whose period covers a moment the one that began last is in
-- force; of those that began together, the highest version. Without a member it is the platform's; a member's own comes before it. Without a price it says that there
-- is none of its own here, so that the platform's, or none, applies again.
create table fee_rule (
  platform_id bigint      not null references platform,
  fee_rule_id uuid        not null,
  product     text        not null check (product ~ '^[a-z][a-z0-9_]{0,39}$'),
  currency    text        not null check (currency ~ '^[A-Z]{3}$'),
  member_id   uuid,
  version     integer     not null check (version >= 1),
  bearer      text        not null check (bearer in ('payer', 'payee', 'platform')),
  timing      text        not null check (timing in ('now', 'month_end')),
  -- The price, with amounts as text, so that no reader makes doubles of them.
  price       jsonb,
  valid_from  timestamptz not null,
  valid_until timestamptz,
  created_at  timestamptz not null,
  primary key (platform_id, fee_rule_id),
  unique nulls not distinct (platform_id, product, currency, member_id, version),
  foreign key (platform_id, member_id) references member,
  check (valid_until > valid_from)
);

-- Years whose holidays a platform has stated itself, beyond what the program knows or instead of it.
create table calendar_year (
  platform_id bigint      not null references platform,
  year        integer     not null check (year between 1992 and 2099),
  changed_at  timestamptz not null,
  primary key (platform_id, year)
);

-- Days of such a year that are not as the week says, and days that were stated one by one. `imported` ones are
-- replaced with their year; `edited` ones outrank them.
create table calendar_day (
  platform_id bigint      not null references platform,
  day         date        not null,
  source      text        not null check (source in ('imported', 'edited')),
  working     boolean     not null,
  name        text        check (length(name) between 1 and 120),
  changed_at  timestamptz not null,
  primary key (platform_id, day, source)
);

-- Limits, hours and cost of a rail (汇路), version by version: the one that began last is in force;
-- of those that began together, the highest version.
create table rail_rule (
  platform_id bigint      not null references platform,
  rail        text        not null check (rail in ('intra_bank', 'ibps', 'beps', 'hvps')),
  version     integer     not null check (version >= 1),
  valid_from  date        not null,
  terms       jsonb       not null,
  created_at  timestamptz not null,
  primary key (platform_id, rail, version)
);

create trigger fee_rule_append_only before update or delete or truncate on fee_rule
  for each statement execute function refuse_change();
create trigger rail_rule_append_only before update or delete or truncate on rail_rule
  for each statement execute function refuse_change();

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    grant select, insert, update, delete on calendar_year, calendar_day to guanjia_app;
    grant select, insert on fee_rule, rail_rule to guanjia_app;
    revoke update, delete, truncate on fee_rule, rail_rule from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
