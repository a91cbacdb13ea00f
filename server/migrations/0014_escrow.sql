-- Escrow orders (担保交易). An order exists when its money is put aside: a hold on the buyer's account, which the
-- order owns. Amounts are minor units; what was neither split nor returned is what the hold still has.
create table escrow_order (
  platform_id      bigint      not null,
  order_id         uuid        not null,
  -- The platform's own number of the order.
  reference        text        not null,
  buyer_account_id bigint      not null,
  amount           bigint      not null check (amount between 1 and 9007199254740991),
  hold_id          bigint      not null,
  state            text        not null default 'held' check (state in ('held', 'disputed', 'settled', 'finished')),
  -- Paid to receivers; given back to the buyer out of the hold; given back by receivers.
  split_amount     bigint      not null default 0,
  returned_amount  bigint      not null default 0,
  refunded_amount  bigint      not null default 0,
  -- Who gets what when it is released, as it was agreed at payment.
  split            jsonb       not null,
  -- What others than sellers may get together of each release, in parts per million.
  max_share_ppm    integer     not null check (max_share_ppm between 0 and 1000000),
  deadline_at      timestamptz,
  deadline_action  text        check (deadline_action in ('release', 'refund')),
  -- When the sweep looks at it next; null when there is nothing to look at.
  due_at           timestamptz,
  deadline_tries   integer     not null default 0,
  -- The code of the last refusal of what the deadline does.
  deadline_problem text,
  disputed_at      timestamptz,
  created_at       timestamptz not null,
  primary key (platform_id, order_id),
  constraint escrow_order_reference unique (platform_id, reference),
  check ((deadline_at is null) = (deadline_action is null)),
  check ((state = 'disputed') = (disputed_at is not null)),
  check (split_amount >= 0 and returned_amount >= 0 and split_amount + returned_amount <= amount),
  check (refunded_amount between 0 and split_amount),
  check ((state in ('held', 'disputed')) = (split_amount + returned_amount < amount))
) with (fillfactor = 70);
create index escrow_order_due on escrow_order (platform_id, due_at) where state = 'held' and due_at is not null;

-- Who may receive, or has received, of an order, in the order in which refunds are taken back from them.
create table escrow_receiver (
  platform_id bigint  not null,
  order_id    uuid    not null,
  account_id  bigint  not null,
  role        text    not null check (role in ('seller', 'commission', 'partner')),
  position    integer not null,
  received    bigint  not null default 0,
  refunded    bigint  not null default 0,
  primary key (platform_id, order_id, account_id),
  foreign key (platform_id, order_id) references escrow_order,
  check (refunded between 0 and received)
) with (fillfactor = 70);

-- What happened to an order, and the answer that its request got.
create table escrow_action (
  platform_id   bigint      not null,
  order_id      uuid        not null,
  action_id     uuid        not null,
  request_id    text        collate "C" not null,
  -- A digest of what was asked, by which a repeat is told from another request.
  content       text        not null,
  kind          text        not null
                check (kind in ('pay', 'confirm', 'refund', 'dispute', 'resolve', 'finish', 'deadline')),
  state         text        not null,
  remaining     bigint      not null check (remaining >= 0),
  -- What a refund was asked for and receivers did not have.
  outstanding   bigint      not null default 0,
  reason        text,
  business_date date,
  at            timestamptz not null,
  primary key (platform_id, order_id, action_id),
  constraint escrow_action_request unique (platform_id, request_id),
  foreign key (platform_id, order_id) references escrow_order
);

-- Money that an action moved: to a receiver, back to the buyer out of the hold, or back from a receiver.
create table escrow_movement (
  platform_id bigint  not null,
  order_id    uuid    not null,
  action_id   uuid    not null,
  position    integer not null,
  kind        text    not null check (kind in ('split', 'return', 'refund')),
  -- The receiver; the buyer for what is returned.
  account_id  bigint  not null,
  role        text    not null check (role in ('seller', 'commission', 'partner', 'buyer')),
  amount      bigint  not null check (amount > 0),
  -- The ledger's number of the move: of a transfer, or of the release of held money.
  move_id     bigint  not null,
  -- No foreign key: it is written by the statement that writes its action, and neither is ever deleted.
  primary key (platform_id, order_id, action_id, position)
);

create trigger escrow_action_append_only before update or delete or truncate on escrow_action
  for each statement execute function refuse_change();
create trigger escrow_movement_append_only before update or delete or truncate on escrow_movement
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on escrow_action, escrow_movement from guanjia_app;
    revoke delete on escrow_order, escrow_receiver from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
