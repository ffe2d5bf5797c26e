-- Mining: the shares that were counted, and their counts. Times are Unix milliseconds.
CREATE TABLE shares (
    n             INTEGER PRIMARY KEY,
    submission_id TEXT NOT NULL UNIQUE,
    round_number  INTEGER NOT NULL CHECK (round_number >= 0),
    hash          TEXT NOT NULL,
    difficulty    REAL NOT NULL,
    block_height  INTEGER NOT NULL,
    worker_id     TEXT NOT NULL,
    header        TEXT,
    valid         INTEGER NOT NULL CHECK (valid BETWEEN 0 AND 1),
    counted_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE share_rounds (
    round_number INTEGER PRIMARY KEY,
    valid        INTEGER NOT NULL,
    invalid      INTEGER NOT NULL
) STRICT;

CREATE TABLE share_workers (
    worker_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- One row: what would otherwise be counted anew for every scrape.
CREATE TABLE share_totals (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    valid        INTEGER NOT NULL,
    invalid      INTEGER NOT NULL,
    workers      INTEGER NOT NULL,
    newest_round INTEGER NOT NULL
) STRICT;

INSERT INTO share_totals (one, valid, invalid, workers, newest_round) VALUES (1, 0, 0, 0, 0);
