-- Whether a fee goes back with the transfer that it was for, when that one is reversed.
alter table fee_rule add column on_reversal text not null default 'keep' check (on_reversal in ('keep', 'refund'));

-- A fee that a flow has charged, with the number of the move that it is for. Taken at once it has a transfer of its
-- own, in the same group; otherwise it is owed until the month's end. Minor units.
create table fee_charge (
  platform_id       bigint not null,
  charge_id         bigint not null,
  -- What it is for, as others name it: trf_…, wdr_….
  cause             text   not null check (length(cause) between 1 and 64),
  fee_rule_id       uuid   not null,
  amount            bigint not null check (amount between 1 and 9007199254740991),
  fee               bigint not null check (fee between 0 and 9007199254740991),
  bearer_account_id bigint not null,
  income_account_id bigint not null,
  transfer_id       bigint,
  -- Taken; forgiven before it was taken; and given back of what was taken.
  collected         bigint not null check (collected >= 0),
  waived            bigint not null default 0 check (waived >= 0),
  refunded          bigint not null default 0 check (refunded between 0 and collected),
  remaining         bigint not null generated always as (fee - collected - waived) stored check (remaining >= 0),
  business_date     date   not null,
  primary key (platform_id, charge_id),
  foreign key (platform_id, bearer_account_id) references account,
  foreign key (platform_id, income_account_id) references account,
  check (transfer_id is null or (fee > 0 and collected = fee and waived = 0))
) with (fillfactor = 80);
create index fee_charge_cause on fee_charge (platform_id, cause);
create index fee_charge_account on fee_charge (platform_id, bearer_account_id, charge_id);
create index fee_charge_owed on fee_charge (platform_id, business_date, bearer_account_id) where remaining > 0;

-- What a charge is about stays, and its sums only rise.
create function guard_fee_charge() returns trigger language plpgsql as $$
begin
  if (new.platform_id, new.charge_id, new.cause, new.fee_rule_id, new.amount, new.fee, new.bearer_account_id,
      new.income_account_id, new.transfer_id, new.business_date)
     is distinct from
     (old.platform_id, old.charge_id, old.cause, old.fee_rule_id, old.amount, old.fee, old.bearer_account_id,
      old.income_account_id, old.transfer_id, old.business_date)
     or new.collected < old.collected or new.waived < old.waived or new.refunded < old.refunded then
    raise exception 'a fee that was charged is only taken, forgiven or given back' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger fee_charge_guard before update on fee_charge for each row execute function guard_fee_charge();

-- A fee that was forgiven or given back, in whole, by the request that did it.
create table fee_return (
  platform_id bigint      not null,
  request_id  text        not null check (length(request_id) between 1 and 200),
  charge_id   bigint      not null,
  kind        text        not null check (kind in ('waiver', 'reversal')),
  waived      bigint      not null check (waived >= 0),
  refunded    bigint      not null check (refunded >= 0),
  transfer_id bigint,
  reason      text        check (length(reason) between 1 and 500),
  at          timestamptz not null,
  primary key (platform_id, request_id),
  foreign key (platform_id, charge_id) references fee_charge,
  check (waived + refunded > 0),
  check ((transfer_id is not null) = (refunded > 0)),
  check ((reason is not null) = (kind = 'waiver'))
);
create index fee_return_charge on fee_return (platform_id, charge_id);

-- What was taken of an account for the months before, once a business date; and why nothing was.
create table fee_collection (
  platform_id       bigint      not null,
  account_id        bigint      not null,
  business_date     date        not null,
  income_account_id bigint      not null,
  owed              bigint      not null check (owed > 0),
  amount            bigint      not null check (amount between 0 and owed),
  transfer_id       bigint,
  refusal_code      text,
  at                timestamptz not null,
  primary key (platform_id, account_id, business_date),
  check ((transfer_id is not null) = (amount > 0)),
  check ((transfer_id is null) = (refusal_code is not null))
);

create trigger fee_return_append_only before update or delete or truncate on fee_return
  for each statement execute function refuse_change();
create trigger fee_collection_append_only before update or delete or truncate on fee_collection
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke delete, truncate on fee_charge from guanjia_app;
    revoke update, delete, truncate on fee_return, fee_collection from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
