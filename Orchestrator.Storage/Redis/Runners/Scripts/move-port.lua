-- ARGV: id, fence, the port that another process holds. Answers: the runner, or nothing.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner or runner.state ~= CREATING then return {} end
local port = free_port(runner.instance, tonumber(ARGV[3]) + 1)
return port and add({}, change(runner, { port = port })) or {}
