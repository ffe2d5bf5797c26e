-- Tasks, and whom their ends have still to be told to. Times are Unix milliseconds.
-- state: 0 pending, 1 running, 2 complete, 3 failed, 4 cancelled.
CREATE TABLE tasks (
    n               INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    type            TEXT NOT NULL,
    spec            TEXT NOT NULL,
    state           INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    -- Pending tasks are claimed in this order; what comes back to the front has a smaller one than all others.
    place           INTEGER NOT NULL,
    -- Pending: when it may begin, null for at once. Running: when its claim runs out.
    due_at          INTEGER,
    attempts        INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL,
    fence           INTEGER NOT NULL DEFAULT 0,
    worker          TEXT,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER,
    result          TEXT,
    error           TEXT,
    idempotency_key TEXT,
    -- Whether its end is to be told, when the next try is due, and how many there were.
    tells           INTEGER NOT NULL CHECK (tells BETWEEN 0 AND 1),
    callback_at     INTEGER,
    callback_try    INTEGER NOT NULL DEFAULT 0,
    CHECK (state <> 1 OR due_at IS NOT NULL),
    CHECK ((state >= 2) = (finished_at IS NOT NULL)),
    CHECK (callback_at IS NULL OR state >= 2)
) STRICT;

CREATE INDEX tasks_ready ON tasks (place, n) WHERE state = 0 AND due_at IS NULL;
CREATE INDEX tasks_by_due ON tasks (state, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX tasks_by_end ON tasks (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX tasks_to_tell ON tasks (callback_at) WHERE callback_at IS NOT NULL;
CREATE UNIQUE INDEX tasks_by_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;
