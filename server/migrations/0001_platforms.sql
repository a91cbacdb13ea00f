-- A platform (平台商户) is the tenant: every table leads with its id, and no statement crosses it.
create table platform (
  platform_id bigint      not null,
  name        text        not null check (length(name) between 1 and 120),
  time_zone   text        not null,
  sandbox     boolean     not null default false,
  created_at  timestamptz not null,
  primary key (platform_id)
);

-- One row a business date (营业日); the open one has no closed_at. Moves numbered from first_move_id to
-- last_move_id carry its date: a date is a range of numbers, so a balance by business date is a bound on an
-- index. Whoever posts locks the open row first, so numbers rise in the order in which postings commit.
create table business_day (
  platform_id   bigint      not null references platform,
  business_date date        not null,
  first_move_id bigint      not null,
  last_move_id  bigint      not null,
  opened_at     timestamptz not null,
  closed_at     timestamptz,
  primary key (platform_id, business_date),
  check (last_move_id >= first_move_id - 1)
) with (fillfactor = 50);
create unique index business_day_open on business_day (platform_id) where closed_at is null;

-- Only a digest of the secret is kept: the secret is random and long, so a plain SHA-256 is enough.
create table api_key (
  platform_id bigint      not null references platform,
  api_key_id  uuid        not null,
  name        text        not null check (length(name) between 1 and 120),
  digest      bytea       not null check (length(digest) = 32),
  scopes      text[]      not null check (cardinality(scopes) > 0),
  created_at  timestamptz not null,
  revoked_at  timestamptz,
  primary key (platform_id, api_key_id)
);
