-- The hash of what a runner was made like: a claim takes an idle one of its own plan only. Runners of before have none.
ALTER TABLE runners ADD COLUMN plan TEXT;

-- The pool, longest idle first among those of one plan.
DROP INDEX runners_idle;
CREATE INDEX runners_idle ON runners (template, instance, plan, idle_since) WHERE state = 1;
