-- The server works as guanjia_app, which may add to the record but not change it. Where the migrating user
-- may not create roles, the append-only triggers alone hold the line.
do $$ begin
  create role guanjia_app nologin;
exception when duplicate_object or unique_violation or insufficient_privilege then null;
end $$;

do $$ begin
  if exists (select from pg_roles where rolname = 'guanjia_app') then
    execute format('grant guanjia_app to %I', current_user);
    grant usage on schema public to guanjia_app;
    grant select, insert, update, delete on all tables in schema public to guanjia_app;
    revoke update, delete on transfer, hold_event, ledger_request from guanjia_app;
    alter default privileges in schema public grant select, insert, update, delete on tables to guanjia_app;
  end if;
exception when insufficient_privilege then null;
end $$;
