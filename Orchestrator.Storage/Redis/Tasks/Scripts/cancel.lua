-- ARGV: id. Answers: 1 cancelled, 0 not pending, -1 unknown.
local id = ARGV[1]
local state, fence, attempts, report, type, made, begun, worker = parts(id)
if not state then return -1 end
if state ~= 'p' then return 0 end
if redis.call('ZREM', DELAYED, id) == 0 then redis.call('LREM', PENDING, -1, id) end
write_parts(id, 'x', fence, attempts, report, type, made, begun, worker, NOW)
move(type, 'p', 'x')
write()
finish(id, CANCELLED, report)
return 1
