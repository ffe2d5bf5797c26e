-- ARGV: id, fence. Answers: the runner, or nothing.
local runner = read_seen(ARGV[1], ARGV[2])
return runner and add({}, begin_remove(runner)) or {}
