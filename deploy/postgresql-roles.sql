-- The role the application runs as on PostgreSQL: it reads and writes, but what is append-only it
-- only adds to. Triggers refuse changes for every role; this holds even where somebody drops them.
-- Run it as the owner of the tables after each `flask --app wsgi db upgrade`:
--   psql "$OWNER_URL" -f deploy/postgresql-roles.sql
-- then give the role a password and use it in DATABASE_URL. Migrations stay with the owner.
DO $$ BEGIN CREATE ROLE hub_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO hub_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hub_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO hub_app;
REVOKE UPDATE, DELETE, TRUNCATE
  ON ledger_entry, audit_entry, site_event, crediting_rule, month_close, month_sheet,
     alembic_version FROM hub_app;
REVOKE INSERT ON alembic_version FROM hub_app;
