-- Tasks from layout 3 to 4: every task is of the default tenant, an idempotency key is its tenant's, all tasks are in one order,
-- and their bytes are counted.
local OLD, NEW = PREFIX .. 'tasks:3:', PREFIX .. 'tasks:4:'
if not exists(OLD .. 'counts') then return NONE end
if exists(NEW .. 'counts') then return BOTH end

local ids = redis.call('HGETALL', OLD .. 'ids')
for i = 1, #ids, 2 do redis.call('HSET', NEW .. 'ids', 'default ' .. ids[i], ids[i + 1]) end
local keyed = redis.call('HGETALL', OLD .. 'keyed')
for i = 1, #keyed, 2 do redis.call('HSET', NEW .. 'keyed', keyed[i], 'default ' .. keyed[i + 1]) end
redis.call('DEL', OLD .. 'ids', OLD .. 'keyed')

local bytes = 0
local heads = redis.call('HGETALL', OLD .. 'heads')
for i = 1, #heads, 2 do
  local id, head = heads[i], heads[i + 1]
  local state, made, result = string.match(head, '^(%S+) %S+ %S+ %S+ %S+ (%S+) %S+ %S+ %S+ ?(.*)$')
  redis.call('ZADD', NEW .. 'made', made, id)
  bytes = bytes + redis.call('HSTRLEN', OLD .. 'specs', id)
  if state == 'c' then bytes = bytes + #result + redis.call('HSTRLEN', OLD .. 'results', id) end
  if state == 'f' then bytes = bytes + redis.call('HSTRLEN', OLD .. 'errors', id) end
end
redis.call('SET', NEW .. 'bytes', string.format('%.0f', bytes))

for name in pairs(names(OLD)) do redis.call('RENAME', OLD .. name, NEW .. name) end
return DONE
