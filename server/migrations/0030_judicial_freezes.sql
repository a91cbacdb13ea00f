-- What orders of courts keep of a guarded account (司法冻结), in minor units: no move takes the balance below it. It may
-- be more than there is, and then keeps what arrives too; 2^53 - 1 lets nothing leave.
alter table account
  add column frozen bigint not null default 0 check (frozen between 0 and 9007199254740991),
  add constraint account_frozen_guarded check (guarded or frozen = 0),
  add constraint account_frozen_open check (state <> 'closed' or frozen = 0);

-- The ledger decides this under its lock. Whoever comes past it is stopped here.
create function refuse_frozen() returns trigger language plpgsql as $$
begin
  raise exception 'account % of platform %: an order keeps this money', new.account_id, new.platform_id
    using errcode = 'restrict_violation';
end $$;
create trigger account_frozen_stays before update on account for each row
  when (new.frozen > 0 and new.balance < old.balance and new.balance < new.frozen)
  execute function refuse_frozen();

-- An order: by a court or another authority, for an amount or, without one, for the whole account. It stands until it
-- is lifted, and is never removed. Several on one account add up, and are served in the order in which they came.
create table judicial_freeze (
  platform_id       bigint      not null references platform,
  freeze_id         uuid        not null,
  account_id        bigint      not null,
  authority         text        not null check (length(authority) between 1 and 200),
  order_number      text        not null check (length(order_number) between 1 and 100),
  amount            bigint      check (amount between 1 and 9007199254740991),
  reason            text        not null check (length(reason) between 1 and 500),
  placed_at         timestamptz not null,
  placed_by         text        not null,
  -- The order that lifts it: of the same authority or of one above it.
  lift_authority    text        check (length(lift_authority) between 1 and 200),
  lift_order_number text        check (length(lift_order_number) between 1 and 100),
  lift_reason       text        check (length(lift_reason) between 1 and 500),
  lift_request_id   text,
  lifted_at         timestamptz,
  lifted_by         text,
  primary key (platform_id, freeze_id),
  unique (platform_id, account_id, authority, order_number),
  unique (platform_id, lift_request_id),
  foreign key (platform_id, account_id) references account,
  check (num_nulls(lift_authority, lift_order_number, lift_reason, lift_request_id, lifted_at, lifted_by) in (0, 6))
);
create index judicial_freeze_standing on judicial_freeze (platform_id, account_id, freeze_id) where lifted_at is null;

-- What an order says stays as it is; it is lifted once.
create function guard_judicial_freeze() returns trigger language plpgsql as $$
begin
  if old.lifted_at is not null or new.lifted_at is null
     or (new.platform_id, new.freeze_id, new.account_id, new.authority, new.order_number, new.amount, new.reason,
         new.placed_at, new.placed_by)
        is distinct from
        (old.platform_id, old.freeze_id, old.account_id, old.authority, old.order_number, old.amount, old.reason,
         old.placed_at, old.placed_by) then
    raise exception 'a judicial freeze is lifted once, and nothing else of it changes' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger judicial_freeze_guard before update on judicial_freeze for each row
  execute function guard_judicial_freeze();

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke delete, truncate on judicial_freeze from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
