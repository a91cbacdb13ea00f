-- What the platform is told of. A flow writes here in the transaction that does what it tells of, so that an event
-- exists exactly when it happened. The rows wait to be put in order, and are deleted when they are: a queue that is
-- drained, so that one whose transaction commits late is found all the same. No foreign key: only who has found the
-- platform writes, and looking it up again for each of a million deposits costs more than the rows.
create table outbox (
  platform_id bigint      not null,
  -- Of two events of one object the first has the lower number: who writes the second waited for the first.
  sequence    bigint      not null generated always as identity,
  type        text        not null check (type ~ '^[a-z_]{1,40}\.[a-z_]{1,40}$'),
  object_id   text        not null check (length(object_id) between 1 and 64),
  data        jsonb       not null,
  created_at  timestamptz not null,
  primary key (platform_id, sequence)
);

-- The last position that was given out. Its lock makes the transactions that give them wait for each other: what
-- readers see of the feed has no gap that is filled later.
create table event_feed (
  platform_id   bigint not null primary key references platform,
  last_position bigint not null default 0
);

-- The feed: 1, 2, 3 … for each platform.
create table event (
  platform_id bigint      not null,
  position    bigint      not null,
  event_id    uuid        not null,
  type        text        not null,
  object_id   text        not null,
  data        jsonb       not null,
  created_at  timestamptz not null,
  primary key (platform_id, position),
  unique (platform_id, event_id)
);
create trigger event_append_only before update or delete or truncate on event
  for each statement execute function refuse_change();

-- Where a platform is told (webhooks).
create table webhook_endpoint (
  platform_id         bigint      not null references platform,
  webhook_endpoint_id uuid        not null,
  url                 text        not null check (length(url) between 1 and 2048),
  description         text        not null,
  -- Empty: all types.
  event_types         text[]      not null,
  state               text        not null check (state in ('enabled', 'disabled', 'removed')),
  -- Why it is disabled: asked, failing, gone.
  disabled_reason     text,
  secret              text        not null,
  -- The secret before it, which signs too until then.
  previous_secret     text,
  previous_until      timestamptz,
  -- No attempt has succeeded since.
  failing_since       timestamptz,
  -- After failures it is left in peace for a while, longer each time.
  failed_rounds       integer     not null default 0,
  quiet_until         timestamptz,
  created_at          timestamptz not null,
  primary key (platform_id, webhook_endpoint_id),
  check ((previous_secret is null) = (previous_until is null)),
  check ((state = 'disabled') = (disabled_reason is not null))
);

-- An event that an endpoint is to be told of, or was.
create table webhook_delivery (
  platform_id         bigint      not null,
  webhook_endpoint_id uuid        not null,
  position            bigint      not null,
  -- Of the event: what is told of one object is told in order.
  object_id           text        not null,
  -- failed: given up.
  state               text        not null check (state in ('pending', 'delivered', 'failed')),
  attempts            integer     not null default 0,
  -- Attempts since it began, or was asked for again.
  tries               integer     not null default 0,
  due_at              timestamptz not null,
  -- Somebody is sending it until then at most.
  leased_until        timestamptz,
  delivered_at        timestamptz,
  primary key (platform_id, webhook_endpoint_id, position),
  foreign key (platform_id, webhook_endpoint_id) references webhook_endpoint
);
create index webhook_delivery_due on webhook_delivery (platform_id, webhook_endpoint_id, due_at, position)
  where state = 'pending';
create index webhook_delivery_object on webhook_delivery (platform_id, webhook_endpoint_id, object_id, position)
  where state = 'pending';

-- The delivery log.
create table webhook_attempt (
  platform_id         bigint      not null,
  webhook_endpoint_id uuid        not null,
  position            bigint      not null,
  number              integer     not null,
  attempted_at        timestamptz not null,
  elapsed_ms          integer     not null,
  -- The answer's, if there was one.
  status              integer,
  -- Why it counts as failed; null when it was delivered.
  error               text,
  primary key (platform_id, webhook_endpoint_id, position, number),
  foreign key (platform_id, webhook_endpoint_id, position) references webhook_delivery
);

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    grant select, insert, update, delete on outbox, event_feed, webhook_endpoint, webhook_delivery to guanjia_app;
    grant select, insert on event, webhook_attempt to guanjia_app;
    revoke update, delete on event, webhook_attempt from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
