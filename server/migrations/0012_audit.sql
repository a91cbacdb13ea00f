-- Who changed what, when, from where: written in the transaction of the change. Added, never changed.
create table audit_entry (
  platform_id bigint      not null references platform,
  -- In the order in which they were written; of two that write at once, the later number may commit first.
  audit_id    bigint      not null generated always as identity,
  at          timestamptz not null,
  -- Who asked: an API key by its id, an operator, the user of the command line, or the server by itself.
  origin_kind text        not null check (origin_kind in ('apiKey', 'operator', 'cli', 'system')),
  origin_name text        not null check (length(origin_name) between 1 and 200),
  -- From where: the address of the connection, and the request as the log names it.
  address     text,
  request_id  text,
  action      text        not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  object_type text        not null,
  object_id   text        not null,
  -- What the change was about, as it was and as it is then. No personal data in the clear.
  before      jsonb check (jsonb_typeof(before) = 'object'),
  after       jsonb check (jsonb_typeof(after) = 'object'),
  primary key (platform_id, audit_id)
);
create index audit_entry_object on audit_entry (platform_id, object_type, object_id, audit_id);
create index audit_entry_action on audit_entry (platform_id, action, audit_id);
create index audit_entry_origin on audit_entry (platform_id, origin_name, audit_id);

-- Entries that are not in the chain yet. Whoever changes something never waits for the chain: it is made behind
-- them, from the rows here, which are deleted as it grows.
create table audit_pending (
  platform_id bigint not null,
  audit_id    bigint not null,
  primary key (platform_id, audit_id)
);
create function queue_audit() returns trigger language plpgsql as $$
begin
  insert into audit_pending (platform_id, audit_id) select platform_id, audit_id from added;
  return null;
end $$;
create trigger audit_entry_queue after insert on audit_entry referencing new table as added
  for each statement execute function queue_audit();

-- The chain of a platform: each link has the hash of the one before it, of its place and of its entry.
create table audit_link (
  platform_id   bigint not null,
  sequence      bigint not null check (sequence > 0),
  audit_id      bigint not null,
  previous_hash bytea  not null check (length(previous_hash) = 32),
  hash          bytea  not null check (length(hash) = 32),
  primary key (platform_id, sequence),
  unique (platform_id, audit_id)
);

-- Where the chain ends. Locked by whoever adds to it.
create table audit_head (
  platform_id bigint not null references platform,
  sequence    bigint not null,
  hash        bytea  not null check (length(hash) = 32),
  primary key (platform_id)
);

create trigger audit_entry_append_only before update or delete or truncate on audit_entry
  for each statement execute function refuse_change();
create trigger audit_link_append_only before update or delete or truncate on audit_link
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on audit_entry, audit_link from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
