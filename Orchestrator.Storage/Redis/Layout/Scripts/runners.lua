-- Runners from layout 1 to 2: an engine is called instance, and every owner is of the default tenant.
local OLD, NEW = PREFIX .. 'runners:1:', PREFIX .. 'runners:2:'
if not exists(OLD .. 'fence') then return NONE end
if exists(NEW .. 'fence') then return BOTH end

local found = names(OLD)
for name in pairs(found) do
  if string.match(name, '^leader:') then return RUNNING end
end

for name in pairs(found) do
  local is, rest = string.match(name, '^([^:]+):?(.*)$')
  if is == 'runner' then
    redis.call('HSET', OLD .. name, 'instance', redis.call('HGET', OLD .. name, 'engine'))
    redis.call('HDEL', OLD .. name, 'engine')
    if redis.call('HEXISTS', OLD .. name, 'owner') == 1 then redis.call('HSET', OLD .. name, 'tenant', 'default') end
  end
  local new = ({ owners = 'owners:default:' .. rest, engine = 'instance:' .. rest })[is] or name
  redis.call('RENAME', OLD .. name, NEW .. new)
end
return DONE
