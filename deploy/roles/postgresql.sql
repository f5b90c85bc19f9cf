-- The roles of PostgreSQL, each with what its process does and no more. Run it as a superuser, in the service's database:
--
--     psql --set ON_ERROR_STOP=1 --dbname cutwork --file deploy/roles/postgresql.sql
--
-- before the first `cutwork-admin setup`, and again after each one: the tables are there only then, and a migration may
-- have added to them. It may be run at any time and any number of times; all of it is one transaction.
--
--     cutwork_migration   `cutwork-admin setup` and `keys`: owns the tables
--     cutwork_front_end   gunicorn: adds jobs, erases them; reads, makes and ends keys
--     cutwork_worker      `python -m worker`: changes what becomes of a job, and never sees a key
--     cutwork_sweeper     `python -m worker.sweeper`: the same, sends webhooks, makes jobs of items of batches, and forgets jobs of long ago
--     cutwork_scaler      whoever starts more workers: counts what waits, and sees neither tenants nor photos
--
-- They have no passwords yet, so nobody can log in by one: \password cutwork_worker, or certificates in pg_hba.conf.

BEGIN;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['migration', 'front_end', 'worker', 'sweeper', 'scaler'] LOOP
        role := 'cutwork_' || role;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', role);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- KEDA keeps a connection a trigger, and has been seen to leak them.
ALTER ROLE cutwork_scaler CONNECTION LIMIT 10;
ALTER ROLE cutwork_scaler SET statement_timeout = '5s';

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO cutwork_migration;

DO $$
DECLARE
    found record;
BEGIN
    IF to_regclass('public.jobs') IS NULL THEN
        RAISE NOTICE 'no tables yet: run it again after `cutwork-admin setup`';
        RETURN;
    END IF;

    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO cutwork_migration', found.tablename);
        EXECUTE format(
            'REVOKE ALL ON public.%I FROM PUBLIC, cutwork_front_end, cutwork_worker, cutwork_sweeper, cutwork_scaler',
            found.tablename
        );
    END LOOP;

    -- Each process sees at its start whether it can run on the schema.
    GRANT SELECT ON public.alembic_version, public.cutwork_schema
        TO cutwork_front_end, cutwork_worker, cutwork_sweeper;

    -- Administrators of a tenant make and end its keys, through a front end. Whose a key is and what it may do never
    -- changes, and lines of the audit log are only added.
    GRANT SELECT, INSERT ON public.api_keys TO cutwork_front_end;
    GRANT UPDATE (expires_at, revoked_at, last_used_at, webhook_secrets)
        ON public.api_keys TO cutwork_front_end;
    GRANT SELECT, INSERT ON public.audit_log TO cutwork_front_end;
    GRANT SELECT (id, created_at), DELETE ON public.audit_log TO cutwork_sweeper;

    GRANT SELECT, INSERT ON public.jobs TO cutwork_front_end;
    -- A job is erased, or its message did not go out.
    GRANT UPDATE (
        status, not_before, published_at, lease_owner, lease_expires_at, finished_at, expires_at, error_code,
        error_message, shown, report, image_url, history
    ) ON public.jobs TO cutwork_front_end;

    -- What is owed for a job's end is stored with it, by whoever ends the job; the sweeper sends it.
    GRANT INSERT ON public.webhook_deliveries TO cutwork_front_end, cutwork_worker, cutwork_sweeper;
    GRANT SELECT (job_id, tenant, event, state, tries, status, reason, created_at, not_before, finished_at)
        ON public.webhook_deliveries TO cutwork_front_end;
    GRANT UPDATE (state, tries, not_before, finished_at) ON public.webhook_deliveries TO cutwork_front_end;
    GRANT SELECT (id, webhook_secrets, max_queued) ON public.api_keys TO cutwork_sweeper;
    GRANT SELECT, DELETE ON public.webhook_deliveries TO cutwork_sweeper;
    GRANT UPDATE (state, tries, not_before, finished_at, status, reason)
        ON public.webhook_deliveries TO cutwork_sweeper;

    -- A batch comes in through the front end; the sweeper makes jobs of its items, and forgets both.
    GRANT SELECT, INSERT ON public.batches, public.batch_items TO cutwork_front_end;
    GRANT UPDATE (status, at_work_for, fingerprint, idempotency_key, total, accepted_at, not_before)
        ON public.batches TO cutwork_front_end;
    GRANT SELECT, DELETE ON public.batches, public.batch_items TO cutwork_sweeper;
    GRANT UPDATE (
        status, at_work_for, idempotency_key, released, released_to, processing, succeeded, failed, cancelled, finished_at,
        expires_at, not_before
    ) ON public.batches TO cutwork_sweeper;
    GRANT UPDATE (request, open_in, outcome, error_code, error_message) ON public.batch_items TO cutwork_sweeper;
    GRANT INSERT ON public.jobs TO cutwork_sweeper;

    -- What a tenant uses is counted with the job, by whoever stores or ends it; the sweeper forgets days of long ago.
    GRANT SELECT, INSERT ON public.usage_days TO cutwork_front_end, cutwork_worker, cutwork_sweeper;
    GRANT UPDATE (accepted, done, failed, cancelled, pixels, worker_ms)
        ON public.usage_days TO cutwork_front_end, cutwork_worker, cutwork_sweeper;
    GRANT DELETE ON public.usage_days TO cutwork_sweeper;

    -- How the installation is, the sweeper keeps minute by minute, and operators see it through a front end.
    GRANT SELECT ON public.samples TO cutwork_front_end;
    GRANT SELECT, INSERT, DELETE ON public.samples TO cutwork_sweeper;

    -- Whose job it is, what was asked for and when never changes; where its photo was is forgotten at its end.
    GRANT SELECT ON public.jobs TO cutwork_worker, cutwork_sweeper;
    GRANT UPDATE (
        status, attempt, releases, cut_offs, lease_owner, lease_expires_at, not_before, published_at, start_tag,
        started_at, finished_at, expires_at, error_code, error_message, shown, report, image_url, history
    ) ON public.jobs TO cutwork_worker;

    GRANT UPDATE (
        status, cut_offs, lease_owner, lease_expires_at, not_before, published_at, start_tag,
        finished_at, expires_at, error_code, error_message, shown, report, idempotency_key,
        image_url, history
    ) ON public.jobs TO cutwork_sweeper;
    GRANT DELETE ON public.jobs TO cutwork_sweeper;

    GRANT SELECT (status, queue, not_before, published_at, created_at, started_at) ON public.jobs TO cutwork_scaler;
END
$$;

COMMIT;
