-- ARGV: id. Answers: the runner, or nothing.
local runner = read(ARGV[1])
return runner and add({}, runner) or {}
