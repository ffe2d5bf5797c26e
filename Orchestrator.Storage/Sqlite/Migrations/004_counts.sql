-- Counts of runners are kept in memory, by the one connection that changes them (Runners/counts.sql): they took a page of
-- every change of a runner's state, and are told by the runners themselves when the database is opened.
DROP TRIGGER runners_inserted;
DROP TRIGGER runners_moved;
DROP TRIGGER runners_deleted;
DROP TABLE pools;
