-- ARGV: id. Answers: 1 put back, 0 not failed, -1 unknown.
local id = ARGV[1]
local seen = redis.call('HMGET', task(id), 's', 'y')
if not seen[1] then return -1 end
if seen[1] ~= 'f' then return 0 end
redis.call('HSET', task(id), 's', 'p', 'a', 0)
redis.call('HDEL', task(id), 'z', 'e')
redis.call('ZREM', FAILED, id)
redis.call('ZREM', OUTBOX, id)
redis.call('RPUSH', PENDING, id)
move(seen[2], 'f', 'p')
write_counts()
redis.call('PUBLISH', WAKE, '')
return 1
