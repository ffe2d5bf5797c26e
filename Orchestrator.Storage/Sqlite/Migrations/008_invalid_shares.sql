-- Invalid shares cost their senders nothing, so that what only they have made is bounded: the newest shares and rounds are
-- kept, and the first workers. Both rings lose their oldest rows only, so that their n has no gaps.
CREATE TABLE share_invalid (
    n     INTEGER PRIMARY KEY,
    share INTEGER NOT NULL
) STRICT;

INSERT INTO share_invalid (share) SELECT n FROM shares WHERE valid = 0 ORDER BY n;

CREATE TABLE share_invalid_rounds (
    n            INTEGER PRIMARY KEY,
    round_number INTEGER NOT NULL UNIQUE
) STRICT;

INSERT INTO share_invalid_rounds (round_number) SELECT round_number FROM share_rounds WHERE valid = 0 ORDER BY round_number;

-- Workers of before stay in share_workers.
CREATE TABLE share_invalid_workers (
    worker_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
