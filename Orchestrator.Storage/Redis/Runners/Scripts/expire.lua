-- ARGV: id, fence, the deadline seen or ''. Answers: the runner, or nothing.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner or (runner.state ~= CREATING and runner.state ~= LEASED) then return {} end
if not runner.expires or runner.expires ~= ARGV[3] or tonumber(runner.expires) > now then return {} end
return add({}, begin_remove(runner))
