-- A task has a tenant, and an idempotency key is its tenant's.
ALTER TABLE tasks ADD COLUMN tenant TEXT NOT NULL DEFAULT 'default';

DROP INDEX tasks_by_key;
CREATE UNIQUE INDEX tasks_by_key ON tasks (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
