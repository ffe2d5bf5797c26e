-- Runners: who owns which, and until when. Times are Unix milliseconds.
-- state: 0 creating, 1 idle, 2 leased, 3 removing.  owner_kind: 0 session, 1 machine, 2 task, 3 unknown.
CREATE TABLE runners (
    n              INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    template       TEXT NOT NULL,
    engine_id      TEXT NOT NULL,
    state          INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    fence          INTEGER NOT NULL,
    owner_kind     INTEGER CHECK (owner_kind BETWEEN 0 AND 3),
    owner_id       TEXT,
    expires_at     INTEGER,
    contact_at     INTEGER,
    created_at     INTEGER NOT NULL,
    idle_since     INTEGER,
    token          TEXT,
    network        INTEGER NOT NULL CHECK (network BETWEEN 0 AND 1),
    host_port      INTEGER CHECK (host_port BETWEEN 1 AND 65535),
    port_reserved  INTEGER NOT NULL CHECK (port_reserved BETWEEN 0 AND 1),
    container_id   TEXT,
    image          TEXT,
    image_id       TEXT,
    address        TEXT,
    published_port INTEGER,
    CHECK ((owner_kind IS NULL) = (owner_id IS NULL)),
    CHECK (state <> 1 OR (owner_id IS NULL AND expires_at IS NULL AND contact_at IS NULL)),
    CHECK (state <> 2 OR owner_id IS NOT NULL),
    CHECK (owner_id IS NOT NULL OR contact_at IS NULL),
    CHECK (port_reserved = 0 OR host_port IS NOT NULL)
) STRICT;

-- An owner has at most one runner of a template, whatever that one's state.
CREATE UNIQUE INDEX runners_by_owner ON runners (template, owner_kind, owner_id) WHERE owner_id IS NOT NULL;

-- A port that we gave out belongs to one runner. One that the engine chose is the engine's promise: the record of a
-- runner that has died may still name it for a while, and must not keep its successor from being attached.
CREATE UNIQUE INDEX runners_by_reserved_port ON runners (engine_id, host_port) WHERE port_reserved = 1;

-- Finds free ports, whoever chose the taken ones.
CREATE INDEX runners_by_port ON runners (engine_id, host_port) WHERE host_port IS NOT NULL;

-- The pool, longest idle first. Deadlines have no index on purpose: every heartbeat would have to move its entry,
-- for the sake of a sweep that reads all runners in a few milliseconds.
CREATE INDEX runners_idle ON runners (template, engine_id, idle_since) WHERE state = 1;

-- How many there are of each, so that limits and counts cost the same with 100 runners and with 10,000.
CREATE TABLE pools (
    template  TEXT NOT NULL,
    engine_id TEXT NOT NULL,
    idle      INTEGER NOT NULL DEFAULT 0 CHECK (idle >= 0),
    refilling INTEGER NOT NULL DEFAULT 0 CHECK (refilling >= 0),
    creating  INTEGER NOT NULL DEFAULT 0 CHECK (creating >= 0),
    leased    INTEGER NOT NULL DEFAULT 0 CHECK (leased >= 0),
    removing  INTEGER NOT NULL DEFAULT 0 CHECK (removing >= 0),
    PRIMARY KEY (template, engine_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER runners_inserted AFTER INSERT ON runners
BEGIN
    INSERT INTO pools (template, engine_id) VALUES (new.template, new.engine_id) ON CONFLICT DO NOTHING;
    UPDATE pools SET
        idle      = idle      + (new.state = 1),
        refilling = refilling + (new.state = 0 AND new.owner_id IS NULL),
        creating  = creating  + (new.state = 0 AND new.owner_id IS NOT NULL),
        leased    = leased    + (new.state = 2),
        removing  = removing  + (new.state = 3)
    WHERE template = new.template AND engine_id = new.engine_id;
END;

CREATE TRIGGER runners_moved AFTER UPDATE OF state ON runners WHEN old.state <> new.state
BEGIN
    UPDATE pools SET
        idle      = idle      + (new.state = 1) - (old.state = 1),
        refilling = refilling + (new.state = 0 AND new.owner_id IS NULL)     - (old.state = 0 AND old.owner_id IS NULL),
        creating  = creating  + (new.state = 0 AND new.owner_id IS NOT NULL) - (old.state = 0 AND old.owner_id IS NOT NULL),
        leased    = leased    + (new.state = 2) - (old.state = 2),
        removing  = removing  + (new.state = 3) - (old.state = 3)
    WHERE template = new.template AND engine_id = new.engine_id;
END;

CREATE TRIGGER runners_deleted AFTER DELETE ON runners
BEGIN
    UPDATE pools SET
        idle      = idle      - (old.state = 1),
        refilling = refilling - (old.state = 0 AND old.owner_id IS NULL),
        creating  = creating  - (old.state = 0 AND old.owner_id IS NOT NULL),
        leased    = leased    - (old.state = 2),
        removing  = removing  - (old.state = 3)
    WHERE template = old.template AND engine_id = old.engine_id;
END;

-- The end of the block of fences that was taken last; see SqliteDatabase.NextFence.
CREATE TABLE fences (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    reserved INTEGER NOT NULL
) STRICT;

INSERT INTO fences VALUES (1, 0);
