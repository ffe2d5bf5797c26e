-- ARGV: template, owner's tenant, kind and id, lease in ms or ''. Answers: the runner, or nothing.
local runner = read_owned(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if not runner or runner.state ~= LEASED then return {} end
return add({}, touch(runner, ARGV[5]))
