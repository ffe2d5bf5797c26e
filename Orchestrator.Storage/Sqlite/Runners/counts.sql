-- The number of runners of each pool and state, so that limits and counts cost the same with 100 runners and with
-- 10,000. In memory, and on the one connection that changes runners: a change that fails undoes its counts, too.
CREATE TEMP TABLE pools (
    template  TEXT NOT NULL,
    instance  TEXT NOT NULL,
    idle      INTEGER NOT NULL DEFAULT 0 CHECK (idle >= 0),
    refilling INTEGER NOT NULL DEFAULT 0 CHECK (refilling >= 0),
    creating  INTEGER NOT NULL DEFAULT 0 CHECK (creating >= 0),
    leased    INTEGER NOT NULL DEFAULT 0 CHECK (leased >= 0),
    removing  INTEGER NOT NULL DEFAULT 0 CHECK (removing >= 0),
    PRIMARY KEY (template, instance)
) STRICT, WITHOUT ROWID;

INSERT INTO pools
SELECT template, instance, sum(state = 1), sum(state = 0 AND owner_id IS NULL), sum(state = 0 AND owner_id IS NOT NULL),
       sum(state = 2), sum(state = 3)
FROM runners GROUP BY template, instance;

CREATE TEMP TRIGGER runners_inserted AFTER INSERT ON main.runners
BEGIN
    INSERT INTO pools (template, instance) VALUES (new.template, new.instance) ON CONFLICT DO NOTHING;
    UPDATE pools SET
        idle      = idle      + (new.state = 1),
        refilling = refilling + (new.state = 0 AND new.owner_id IS NULL),
        creating  = creating  + (new.state = 0 AND new.owner_id IS NOT NULL),
        leased    = leased    + (new.state = 2),
        removing  = removing  + (new.state = 3)
    WHERE template = new.template AND instance = new.instance;
END;

CREATE TEMP TRIGGER runners_moved AFTER UPDATE OF state ON main.runners WHEN old.state <> new.state
BEGIN
    UPDATE pools SET
        idle      = idle      + (new.state = 1) - (old.state = 1),
        refilling = refilling + (new.state = 0 AND new.owner_id IS NULL)     - (old.state = 0 AND old.owner_id IS NULL),
        creating  = creating  + (new.state = 0 AND new.owner_id IS NOT NULL) - (old.state = 0 AND old.owner_id IS NOT NULL),
        leased    = leased    + (new.state = 2) - (old.state = 2),
        removing  = removing  + (new.state = 3) - (old.state = 3)
    WHERE template = new.template AND instance = new.instance;
END;

CREATE TEMP TRIGGER runners_deleted AFTER DELETE ON main.runners
BEGIN
    UPDATE pools SET
        idle      = idle      - (old.state = 1),
        refilling = refilling - (old.state = 0 AND old.owner_id IS NULL),
        creating  = creating  - (old.state = 0 AND old.owner_id IS NOT NULL),
        leased    = leased    - (old.state = 2),
        removing  = removing  - (old.state = 3)
    WHERE template = old.template AND instance = old.instance;
END;
