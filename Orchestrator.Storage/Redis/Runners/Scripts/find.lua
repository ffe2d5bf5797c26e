-- ARGV: template, owner's tenant, kind and id. Answers: the runner, or nothing.
local runner = read_owned(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return runner and add({}, runner) or {}
