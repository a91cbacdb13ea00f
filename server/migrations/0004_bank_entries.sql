-- One statement file that was taken in. It exists only when the whole file was read and agreed with itself.
create table statement_import (
  platform_id    bigint      not null references platform,
  import_id      uuid        not null,
  format         text        not null,
  file_name      text,
  file_digest    bytea       not null check (length(file_digest) = 32),
  file_bytes     bigint      not null,
  line_count     integer     not null,
  recorded_count integer     not null,
  report         jsonb       not null,
  created_at     timestamptz not null,
  primary key (platform_id, import_id)
);
create index statement_import_file on statement_import (platform_id, file_digest);

-- The bank's line (银行流水), recorded once by the bank's own reference. What was done with it is its state:
-- recorded: not yet posted; credited: a member has it; suspended: it waits in suspense;
-- claimed: an operator gave it to a member; debited: money that left the bank, a named item to explain.
-- Its id is its import's, with the number of the line in the last four bytes: an import is a range of ids.
create table bank_entry (
  platform_id          bigint  not null,
  bank_entry_id        uuid    not null,
  main_account_id      bigint  not null,
  import_id            uuid    not null,
  position             integer not null,
  kind                 text    not null check (kind in ('line', 'opening_balance')),
  direction            text    not null check (direction in ('credit', 'debit')),
  reversal             boolean not null,
  amount               bigint  not null check (amount between 1 and 9007199254740991),
  booking_date         date    not null,
  value_date           date,
  reference            text    collate "C" not null,
  reference_source     text    not null check (reference_source in ('bank', 'derived')),
  credited_account     text,
  counterparty_name    text,
  counterparty_account text,
  remittance           text    not null,
  reference_texts      text[]  not null,
  bank_code            text,
  state                text    not null check (state in ('recorded', 'credited', 'suspended', 'claimed', 'debited')),
  -- Why it went where it went: account_number, reference_code, payer_account, or why nobody matched.
  match_reason         text,
  -- Who has the money now: a member's account, suspense, opening funds, or the account of bank debits.
  account_id           bigint,
  -- The transfer between bank clearing and the ledger; a claim has its own.
  transfer_id          bigint,
  claim_count          integer not null default 0,
  -- Without foreign keys to main account and import: an import locks the one and writes the other, and looking
  -- both up again for each of a million lines would take longer than recording them.
  primary key (platform_id, bank_entry_id)
) with (fillfactor = 70);
create unique index bank_entry_reference on bank_entry (platform_id, main_account_id, reference);
create index bank_entry_waiting on bank_entry (platform_id, bank_entry_id) where state = 'recorded';
create index bank_entry_open on bank_entry (platform_id, bank_entry_id) where state in ('suspended', 'debited');
-- Files come by date, so a range of dates is a range of pages: this costs nothing to keep.
create index bank_entry_date on bank_entry using brin (platform_id, main_account_id, booking_date);

-- An entry that was given to a member (调账入款), and taken back (错账调回) when the reversal is there.
create table claim (
  platform_id          bigint  not null,
  bank_entry_id        uuid    not null,
  claim_number         integer not null,
  account_id           bigint  not null,
  transfer_id          bigint  not null,
  reversal_transfer_id bigint,
  primary key (platform_id, bank_entry_id, claim_number),
  foreign key (platform_id, bank_entry_id) references bank_entry
);

-- After many lines at once the planner must not think that the table is empty: it would look for each by
-- reading all. Only the owner may analyze, so the function works as the owner.
create function analyze_bank_entry() returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  analyze bank_entry;
end $$;
