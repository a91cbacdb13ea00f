-- A freeze (冻结) is money of the payer that is put aside. A pay-freeze (支付冻结) is money that was paid to the payee and
-- is put aside there. Its number is that of its hold. It is written, and counted down, with the money. FREEZE is a
-- reserved word of PostgreSQL, hence the name.
create table freeze_document (
  platform_id      bigint not null references platform,
  freeze_id        bigint not null,
  kind             text   not null check (kind in ('freeze', 'pay_freeze')),
  payer_account_id bigint not null,
  -- Of a pay-freeze: who was paid and has the money, and by which transfer.
  payee_account_id bigint,
  transfer_id      bigint,
  amount           bigint not null check (amount between 1 and 9007199254740991),
  -- Given back to the payer (解冻), and paid to whom it was for (解冻支付).
  unfrozen         bigint not null default 0 check (unfrozen >= 0),
  paid             bigint not null default 0 check (paid >= 0),
  remaining        bigint not null generated always as (amount - unfrozen - paid) stored check (remaining >= 0),
  reason           text   not null,
  reference        text,
  memo             text,
  business_date    date   not null,
  primary key (platform_id, freeze_id),
  check ((kind = 'pay_freeze') = (payee_account_id is not null)),
  check ((kind = 'pay_freeze') = (transfer_id is not null))
);
create index freeze_payer on freeze_document (platform_id, payer_account_id, freeze_id);
create index freeze_payee on freeze_document (platform_id, payee_account_id, freeze_id) where payee_account_id is not null;
create index freeze_open on freeze_document (platform_id, freeze_id) where remaining > 0;

-- What was taken from a freeze: a part or all that remained.
create table freeze_step (
  platform_id       bigint not null,
  freeze_id         bigint not null,
  -- The number of the move, and of the transfer where the money went to another account.
  step_id           bigint not null,
  kind              text   not null check (kind in ('unfreeze', 'unfreeze_pay')),
  amount            bigint not null check (amount between 1 and 9007199254740991),
  -- After it.
  remaining         bigint not null check (remaining >= 0),
  -- Who got it by a transfer. Null where it became available to the account that had it.
  credit_account_id bigint,
  reason            text,
  business_date     date   not null,
  primary key (platform_id, freeze_id, step_id),
  foreign key (platform_id, freeze_id) references freeze_document
);
create trigger freeze_step_append_only before update or delete or truncate on freeze_step
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on freeze_step from guanjia_app;
    revoke delete on freeze_document from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
