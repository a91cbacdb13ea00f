-- A try to bind a card: written before anybody is asked, so that two at once are both counted.
create table card_attempt (
  platform_id   bigint      not null references platform,
  attempt_id    uuid        not null,
  member_id     uuid        not null,
  request_id    text        not null check (length(request_id) between 1 and 200),
  -- Sealed: what was asked about, as JSON. Found by keyed hashes of the card, the identity number, and all of it.
  factors       text        not null,
  card_hash     bytea       not null check (length(card_hash) = 32),
  identity_hash bytea       not null check (length(identity_hash) = 32),
  factors_hash  bytea       not null check (length(factors_hash) = 32),
  started_at    timestamptz not null,
  -- All null while it runs, and for good when the server was stopped meanwhile.
  ended_at      timestamptz,
  verdict       text        check (verdict in ('verified', 'refused', 'undecided')),
  cause         text,
  confidence    text,
  stale_at      text,
  primary key (platform_id, attempt_id),
  unique (platform_id, request_id),
  foreign key (platform_id, member_id) references member,
  check (num_nulls(ended_at, verdict, cause, confidence) in (0, 4))
);
create index card_attempt_member on card_attempt (platform_id, member_id, started_at);
create index card_attempt_card on card_attempt (platform_id, card_hash, started_at);
create index card_attempt_identity on card_attempt (platform_id, identity_hash, started_at);
create index card_attempt_factors on card_attempt (platform_id, factors_hash, started_at);

-- One question to a provider and what it answered: evidence.
create table card_probe (
  platform_id bigint      not null,
  attempt_id  uuid        not null,
  probe       int         not null check (probe between 1 and 12),
  request_id  text        not null,
  provider    text        not null,
  upstream    text        not null,
  product     text        not null check (product in ('four', 'three', 'two')),
  outcome     text        not null,
  -- Sealed: the provider's own codes, as JSON.
  codes       text        not null,
  asked_at    timestamptz not null,
  answered_at timestamptz not null,
  primary key (platform_id, attempt_id, probe),
  foreign key (platform_id, attempt_id) references card_attempt
);
create trigger card_probe_append_only before update or delete or truncate on card_probe
  for each statement execute function refuse_change();

-- A card (结算卡) that a member may be paid to, once it is active.
create table settlement_card (
  platform_id     bigint      not null,
  card_id         uuid        not null,
  member_id       uuid        not null,
  attempt_id      uuid        not null,
  state           text        not null check (state in ('awaiting_code', 'active', 'replaced', 'unbound')),
  -- Sealed. What is shown of them is kept beside.
  card_number     text        not null,
  holder_name     text        not null,
  card_hash       bytea       not null check (length(card_hash) = 32),
  masked_number   text        not null,
  masked_name     text        not null,
  masked_mobile   text        not null,
  -- The code that was sent to the reserved mobile, as a keyed hash.
  code_hash       bytea       not null check (length(code_hash) = 32),
  code_expires_at timestamptz not null,
  code_tries      int         not null default 0 check (code_tries between 0 and 5),
  created_at      timestamptz not null,
  activated_at    timestamptz,
  unbound_at      timestamptz,
  primary key (platform_id, card_id),
  unique (platform_id, attempt_id),
  foreign key (platform_id, attempt_id) references card_attempt,
  foreign key (platform_id, member_id) references member
);
create index settlement_card_member on settlement_card (platform_id, member_id, card_id);
create index settlement_card_number on settlement_card (platform_id, card_hash, card_id);

-- What a sandbox would have sent by SMS.
create table sandbox_message (
  platform_id bigint      not null references platform,
  message_id  uuid        not null,
  masked_to   text        not null,
  -- Sealed.
  body        text        not null,
  created_at  timestamptz not null,
  primary key (platform_id, message_id)
);

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on card_probe from guanjia_app;
    revoke delete on card_attempt, settlement_card from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
