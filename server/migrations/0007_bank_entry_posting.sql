-- What was done with a bank entry has a row of its own, added when it is done: the bank's line itself never
-- changes. To change a million wide rows, and their indexes with them, took longer than to record them.
create table bank_entry_posting (
  platform_id   bigint  not null,
  bank_entry_id uuid    not null,
  -- Who has the money now: a member's account, suspense, opening funds, or the account of bank debits.
  account_id    bigint  not null,
  -- The transfer between bank clearing and the ledger; a claim has its own.
  transfer_id   bigint  not null,
  claim_count   integer not null default 0,
  -- credited: a member has it; suspended: it waits in suspense; claimed: an operator gave it to a member;
  -- debited: money that left the bank, a named item to explain. An entry without a row is recorded, no more.
  state         text    not null check (state in ('credited', 'suspended', 'claimed', 'debited')),
  -- Why it went where it went: account_number, reference_code, payer_account, or why nobody matched.
  match_reason  text,
  -- Posts each entry once. No foreign key: only what was read from bank_entry is posted, nothing is deleted
  -- there, and looking each of a million up again would cost half of this table's time.
  primary key (platform_id, bank_entry_id)
);
create index bank_entry_posting_open on bank_entry_posting (platform_id, bank_entry_id)
  where state in ('suspended', 'debited');

-- Imports with entries that are yet to be posted. A row comes with its import and is deleted when all of its
-- entries have a posting: without it, to know what waits would be to look at all that ever came.
create table waiting_import (
  platform_id bigint not null,
  import_id   uuid   not null,
  primary key (platform_id, import_id),
  foreign key (platform_id, import_id) references statement_import
);

-- The ids that the entries of an import can have: its own, with the number of the line in the last four bytes.
create function first_entry_id(import_id uuid) returns uuid
  language sql immutable strict parallel safe
  return (left(import_id::text, 28) || '00000000')::uuid;
create function last_entry_id(import_id uuid) returns uuid
  language sql immutable strict parallel safe
  return (left(import_id::text, 28) || 'ffffffff')::uuid;

insert into bank_entry_posting (platform_id, bank_entry_id, account_id, transfer_id, claim_count, state, match_reason)
  select platform_id, bank_entry_id, account_id, transfer_id, claim_count, state, match_reason
    from bank_entry where state <> 'recorded';
insert into waiting_import (platform_id, import_id)
  select distinct platform_id, import_id from bank_entry where state = 'recorded';

drop index bank_entry_waiting;
drop index bank_entry_open;
alter table bank_entry
  drop column state,
  drop column match_reason,
  drop column account_id,
  drop column transfer_id,
  drop column claim_count;
alter table bank_entry set (fillfactor = 100);

-- A claim is of an entry that was posted.
alter table claim drop constraint claim_platform_id_bank_entry_id_fkey;
alter table claim add foreign key (platform_id, bank_entry_id) references bank_entry_posting;

create trigger bank_entry_append_only before update or delete or truncate on bank_entry
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on bank_entry from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
