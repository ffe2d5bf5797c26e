-- An owner has a tenant, and engine_id is called what it is, the instance. The table is made anew, as a check can't be added
-- to one that has rows.
-- Times are Unix milliseconds. state: 0 creating, 1 idle, 2 leased, 3 removing.
-- owner_kind: 0 session, 1 machine, 2 task, 3 unknown.
CREATE TABLE runners_of_tenants (
    n              INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    template       TEXT NOT NULL,
    instance       TEXT NOT NULL,
    state          INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    fence          INTEGER NOT NULL,
    owner_tenant   TEXT,
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
    CHECK ((owner_kind IS NULL) = (owner_id IS NULL) AND (owner_tenant IS NULL) = (owner_id IS NULL)),
    CHECK (state <> 1 OR (owner_id IS NULL AND expires_at IS NULL AND contact_at IS NULL)),
    CHECK (state <> 2 OR owner_id IS NOT NULL),
    CHECK (owner_id IS NOT NULL OR contact_at IS NULL),
    CHECK (port_reserved = 0 OR host_port IS NOT NULL)
) STRICT;

INSERT INTO runners_of_tenants
SELECT n, id, template, engine_id, state, fence, iif(owner_id IS NULL, NULL, 'default'), owner_kind, owner_id, expires_at,
       contact_at, created_at, idle_since, token, network, host_port, port_reserved, container_id, image, image_id, address,
       published_port
FROM runners;

DROP TABLE runners;
ALTER TABLE runners_of_tenants RENAME TO runners;

-- An owner has at most one runner of a template, whatever that one's state.
CREATE UNIQUE INDEX runners_by_owner ON runners (template, owner_tenant, owner_kind, owner_id) WHERE owner_id IS NOT NULL;

-- A port that we gave out belongs to one runner. One that the engine chose is the engine's promise: the record of a
-- runner that has died may still name it for a while, and must not keep its successor from being attached.
CREATE UNIQUE INDEX runners_by_reserved_port ON runners (instance, host_port) WHERE port_reserved = 1;

-- Finds free ports, whoever chose the taken ones.
CREATE INDEX runners_by_port ON runners (instance, host_port) WHERE host_port IS NOT NULL;

-- The pool, longest idle first. Deadlines have no index on purpose: every heartbeat would have to move its entry,
-- for the sake of a sweep that reads all runners in a few milliseconds.
CREATE INDEX runners_idle ON runners (template, instance, idle_since) WHERE state = 1;
