-- With what the bank signs its notifications, sealed; null: none are taken.
alter table bank_connection add column notify_secret text;

-- What a bank said of a line before it was asked (到账通知). Its lines are the truth: a notification brings the next look at
-- them forward, and says so if it said something else.
create table bank_notification (
  platform_id      bigint      not null,
  notification_id  uuid        not null,
  main_account_id  bigint      not null,
  -- SHA-256 of what was signed: the same notification again is no other one.
  digest           bytea       not null check (length(digest) = 32),
  reference        text        collate "C" not null check (length(reference) between 1 and 140),
  direction        text        not null check (direction in ('credit', 'debit')),
  amount           bigint      not null check (amount between 1 and 9007199254740991),
  booked_at        timestamptz not null,
  payout_reference text,
  received_at      timestamptz not null,
  primary key (platform_id, notification_id),
  unique (platform_id, main_account_id, digest),
  foreign key (platform_id, main_account_id) references bank_connection
);
create trigger bank_notification_append_only before update or delete or truncate on bank_notification
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete, truncate on bank_notification from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
