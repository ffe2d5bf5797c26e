-- ARGV: retention of complete and cancelled tasks and of failed ones in ms, how many of each.
-- Answers: how many were forgotten, then 1 when there may be more.
local limit = tonumber(ARGV[3])
local forgotten, more = 0, 0
for state, index in pairs({ c = COMPLETE, x = CANCELLED, f = FAILED }) do
  local retention = tonumber(state == 'f' and ARGV[2] or ARGV[1])
  local ids = redis.call('ZRANGEBYSCORE', index, '-inf', now - retention, 'LIMIT', 0, limit)
  if #ids == limit then more = 1 end
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', OUTBOX, id) then
      -- Its end has still to be told: looked at again in a minute.
      redis.call('ZADD', index, now - retention + 60000, id)
    else
      local seen = redis.call('HMGET', task(id), 'y', 'k')
      if seen[2] and redis.call('GET', P .. 'key:' .. seen[2]) == id then redis.call('DEL', P .. 'key:' .. seen[2]) end
      redis.call('DEL', task(id))
      redis.call('ZREM', index, id)
      if seen[1] then count(state, seen[1], -1) end
      forgotten = forgotten + 1
    end
  end
end
write_counts()
return { forgotten, more }
