-- Sole traders (个体工商户) are members of their own kind. A member is applying, active, restricted or closed: those
-- that are there already are active.
alter table member drop constraint member_kind_check;
alter table member add constraint member_kind_check
  check (kind in ('person', 'sole_trader', 'company', 'platform'));
alter table member add column status text not null default 'active'
  check (status in ('applying', 'active', 'restricted', 'closed'));

-- What identifies a member. The texts are sealed by the server: v1:<key>:<bytes>. The hashes are keyed: they find a
-- number, and nobody without the key can try out which number has one.
create table member_identity (
  platform_id          bigint      not null,
  member_id            uuid        not null,
  legal_name           text        not null check (legal_name like 'v1:%'),
  identity_number      text        check (identity_number like 'v1:%'),
  identity_number_hash bytea       check (length(identity_number_hash) = 32),
  credit_code          text        check (credit_code like 'v1:%'),
  credit_code_hash     bytea       check (length(credit_code_hash) = 32),
  mobile               text        check (mobile like 'v1:%'),
  mobile_hash          bytea       check (length(mobile_hash) = 32),
  updated_at           timestamptz not null,
  primary key (platform_id, member_id),
  foreign key (platform_id, member_id) references member,
  check ((identity_number is null) = (identity_number_hash is null)),
  check ((credit_code is null) = (credit_code_hash is null)),
  check ((mobile is null) = (mobile_hash is null))
);
create index member_identity_number on member_identity (platform_id, identity_number_hash, member_id)
  where identity_number_hash is not null;
create index member_identity_credit_code on member_identity (platform_id, credit_code_hash, member_id)
  where credit_code_hash is not null;
create index member_identity_mobile on member_identity (platform_id, mobile_hash, member_id)
  where mobile_hash is not null;

-- Every change of a member's status: who decided it, and why.
create table member_review (
  platform_id bigint      not null,
  review_id   uuid        not null,
  member_id   uuid        not null,
  action      text        not null check (action in ('approve', 'reject', 'restrict', 'lift', 'close')),
  from_status text        not null,
  to_status   text        not null,
  reviewer    text        not null check (length(reviewer) between 1 and 120),
  -- The key by which it was asked for, key_….
  api_key     text        not null,
  reason      text        not null check (length(reason) between 1 and 256),
  created_at  timestamptz not null,
  primary key (platform_id, review_id),
  foreign key (platform_id, member_id) references member
);
create index member_review_member on member_review (platform_id, member_id, review_id);

-- Papers of a member by reference: the platform keeps the file, and the digest says which file it was.
create table member_document (
  platform_id bigint      not null,
  document_id uuid        not null,
  member_id   uuid        not null,
  kind        text        not null check (kind in ('identity_card', 'business_licence', 'agreement', 'other')),
  reference   text        not null check (length(reference) between 1 and 128),
  sha256      bytea       not null check (length(sha256) = 32),
  created_at  timestamptz not null,
  primary key (platform_id, document_id),
  foreign key (platform_id, member_id) references member
);
create index member_document_member on member_document (platform_id, member_id, document_id);

create trigger member_review_append_only before update or delete or truncate on member_review
  for each statement execute function refuse_change();
create trigger member_document_append_only before update or delete or truncate on member_document
  for each statement execute function refuse_change();
do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    revoke update, delete on member_review, member_document from guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
