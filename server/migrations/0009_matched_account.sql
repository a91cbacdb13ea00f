-- Of an entry that was matched and that the ledger refused for that account (closed, stopped, full): the account.
-- Whoever claims it from suspense would have to match it again by hand.
alter table bank_entry_posting add column matched_account_id bigint;
