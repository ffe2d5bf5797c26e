-- ARGV: id, fence. Answers: 1, or 0.
local runner = read_seen(ARGV[1], ARGV[2])
if not runner then return 0 end
follow(runner, place(runner), nil)
if runner.owner then redis.call('HDEL', owners_key(runner.tenant, runner.template), runner.kind .. runner.owner) end
if runner.port then count_port(runner.instance, runner.port, -1) end
redis.call('ZREM', expiring_key(runner.instance), runner.id)
redis.call('ZREM', P .. 'instance:' .. runner.instance, runner.id)
redis.call('DEL', runner_key(runner.id))
return 1
