-- Tasks from layout 3 to 4: every task is of the default tenant, and an idempotency key is its tenant's.
local OLD, NEW = PREFIX .. 'tasks:3:', PREFIX .. 'tasks:4:'
if not exists(OLD .. 'counts') then return NONE end
if exists(NEW .. 'counts') then return BOTH end

local ids = redis.call('HGETALL', OLD .. 'ids')
for i = 1, #ids, 2 do redis.call('HSET', NEW .. 'ids', 'default ' .. ids[i], ids[i + 1]) end
local keyed = redis.call('HGETALL', OLD .. 'keyed')
for i = 1, #keyed, 2 do redis.call('HSET', NEW .. 'keyed', keyed[i], 'default ' .. keyed[i + 1]) end
redis.call('DEL', OLD .. 'ids', OLD .. 'keyed')

for name in pairs(names(OLD)) do redis.call('RENAME', OLD .. name, NEW .. name) end
return DONE
