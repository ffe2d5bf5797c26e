-- ARGV: id. Answers: 1 pending again, 0 not failed, -1 unknown.
local id = ARGV[1]
local state, fence, _, report, type, made, begun, worker = parts(id)
if not state then return -1 end
if state ~= 'f' then return 0 end
write_parts(id, 'p', fence, '0', report, type, made, begun, worker, '-')
move(type, 'f', 'p')
bytes = bytes - redis.call('HSTRLEN', ERRORS, id)
write()
redis.call('HDEL', ERRORS, id)
redis.call('ZREM', FAILED, id)
redis.call('ZREM', OUTBOX, id)
-- A delivery of its failure in flight can settle nothing from here on.
redis.call('HINCRBY', TELLINGS, id, 1)
redis.call('RPUSH', PENDING, id)
redis.call('PUBLISH', WAKE, '')
return 1
