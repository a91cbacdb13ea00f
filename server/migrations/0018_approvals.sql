-- How many must approve: of each action, by its amount (minor units). The highest tier that the amount reaches holds.
create table approval_rule (
  platform_id         bigint   not null references platform,
  action              text     not null,
  from_amount         bigint   not null check (from_amount >= 0),
  checkers            smallint not null check (checkers between 0 and 5),
  expires_after_hours integer  not null check (expires_after_hours between 1 and 720),
  primary key (platform_id, action, from_amount)
);

-- A request that waits for others to agree, tied to exactly what was asked by its fingerprint.
create table approval (
  platform_id bigint      not null references platform,
  approval_id uuid        not null,
  action      text        not null,
  state       text        not null
    check (state in ('pending', 'approved', 'used', 'failed', 'rejected', 'withdrawn', 'expired')),
  amount      bigint      not null check (amount >= 0),
  currency    text        not null,
  -- What is asked, for whoever decides and for whoever carries it out. No personal data.
  content     jsonb       not null check (jsonb_typeof(content) = 'object'),
  fingerprint bytea       not null check (length(fingerprint) = 32),
  -- Of the request that waits: a repeat finds its approval.
  request_id  text        not null,
  maker       text        not null,
  checkers    smallint    not null check (checkers > 0),
  created_at  timestamptz not null,
  expires_at  timestamptz not null check (expires_at > created_at),
  settled_at  timestamptz,
  -- Why it could not be carried out, as the code of an error.
  failure     text check ((failure is not null) = (state = 'failed')),
  primary key (platform_id, approval_id),
  unique (platform_id, request_id),
  -- For the decisions, so that they know the maker.
  unique (platform_id, approval_id, maker)
);
create index approval_state on approval (platform_id, state, approval_id);

-- Nobody decides twice, and nobody decides on what they asked for themselves.
create table approval_decision (
  platform_id bigint      not null,
  approval_id uuid        not null,
  checker     text        not null,
  maker       text        not null,
  verdict     text        not null check (verdict in ('approved', 'rejected')),
  reason      text        not null check (length(reason) between 1 and 500),
  decided_at  timestamptz not null,
  primary key (platform_id, approval_id, checker),
  foreign key (platform_id, approval_id, maker) references approval (platform_id, approval_id, maker),
  check (checker <> maker)
);
create trigger approval_decision_append_only before update or delete or truncate on approval_decision
  for each statement execute function refuse_change();

-- What was asked stays what was asked, a state is left only for those that may follow it, and nothing is approved
-- with fewer decisions than it needs.
create function guard_approval() returns trigger language plpgsql as $$
begin
  if (new.platform_id, new.approval_id, new.action, new.amount, new.currency, new.content, new.fingerprint,
      new.request_id, new.maker, new.checkers, new.created_at, new.expires_at)
     is distinct from
     (old.platform_id, old.approval_id, old.action, old.amount, old.currency, old.content, old.fingerprint,
      old.request_id, old.maker, old.checkers, old.created_at, old.expires_at) then
    raise exception 'what an approval is about cannot be changed' using errcode = 'restrict_violation';
  end if;
  if not (old.state = 'pending' and new.state in ('approved', 'rejected', 'withdrawn', 'expired')
          or old.state = 'approved' and new.state in ('used', 'failed')) then
    raise exception 'an approval does not go from % to %', old.state, new.state using errcode = 'restrict_violation';
  end if;
  if new.state = 'approved' and new.checkers > (select count(*) from approval_decision d
        where d.platform_id = new.platform_id and d.approval_id = new.approval_id and d.verdict = 'approved') then
    raise exception 'an approval needs % to approve it', new.checkers using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger approval_guard before update on approval for each row execute function guard_approval();

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on approval_decision from guanjia_app;
    revoke delete on approval from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
