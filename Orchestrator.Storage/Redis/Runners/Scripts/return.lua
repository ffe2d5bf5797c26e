-- ARGV: id, fence. Answers: the runner, or nothing.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner or runner.state ~= LEASED then return {} end
return add({}, change(runner, { state = IDLE, tenant = false, kind = false, owner = false, expires = false,
  contact = false, idle = now, fence = next_fence() }))
