-- ARGV: template, owner kind, owner id. Answers: the runner, or nothing.
local runner = read_owned(ARGV[1], ARGV[2], ARGV[3])
return runner and add({}, runner) or {}
