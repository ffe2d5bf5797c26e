-- ARGV: id. Answers: 1 cancelled, 0 not pending, -1 unknown.
local id = ARGV[1]
local seen = redis.call('HMGET', task(id), 's', 'y', 'o')
if not seen[1] then return -1 end
if seen[1] ~= 'p' then return 0 end
if redis.call('ZREM', DELAYED, id) == 0 then redis.call('LREM', PENDING, -1, id) end
finish(id, 'x', CANCELLED, seen[3], 's', 'x')
move(seen[2], 'p', 'x')
write_counts()
return 1
