-- ARGV: id, fence, placement, published port or '', lease in ms or ''. Answers: the runner, or nothing.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner or runner.state ~= CREATING then return {} end
local changes = { fence = next_fence(), placement = ARGV[3] }
if ARGV[4] ~= '' then changes.port = ARGV[4] end
if runner.owner then
  changes.state, changes.expires, changes.contact = LEASED, deadline(ARGV[5]), now
else
  changes.state, changes.expires, changes.idle = IDLE, false, now
end
return add({}, change(runner, changes))
