-- ARGV: id, fence, the deadline seen or '', idle for, lease and longest extension in ms. Answers: 1, or 0.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner or runner.state ~= LEASED or not runner.expires or runner.expires ~= ARGV[3] then return 0 end
local lease = tonumber(ARGV[5])
local extended = math.min(now - tonumber(ARGV[4]) + lease, tonumber(runner.contact) + lease + tonumber(ARGV[6]), END_OF_TIME)
if extended <= tonumber(runner.expires) then return 0 end
change(runner, { expires = extended })
return 1
