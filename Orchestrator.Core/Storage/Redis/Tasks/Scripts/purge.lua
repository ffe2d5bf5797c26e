-- ARGV: retention of complete and cancelled tasks and of failed ones in ms, how many of each.
-- Answers: how many were forgotten, then 1 when there may be more.
local limit = tonumber(ARGV[3])
local forgotten, more = 0, 0
for state, index in pairs({ c = COMPLETE, x = CANCELLED, f = FAILED }) do
  local retention = tonumber(state == 'f' and ARGV[2] or ARGV[1])
  local ids = redis.call('ZRANGEBYSCORE', index, '-inf', now - retention, 'LIMIT', 0, limit)
  if #ids == limit then more = 1 end
  local over = {}
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', OUTBOX, id) then
      -- Its end has still to be told: looked at again in a minute.
      redis.call('ZADD', index, now - retention + 60000, id)
    else
      over[#over + 1] = id
    end
  end
  if #over > 0 then
    read_heads(over)
    for _, id in ipairs(over) do
      local type = select(5, parts(id))
      if type then count(state, type, -1) end
    end
    for i, key in ipairs(redis.call('HMGET', KEYED, unpack(over))) do
      if key and redis.call('HGET', IDS, key) == over[i] then redis.call('HDEL', IDS, key) end
    end
    for _, key in ipairs({ HEADS, SPECS, RESULTS, ERRORS, TELLINGS, KEYED }) do redis.call('HDEL', key, unpack(over)) end
    redis.call('ZREM', index, unpack(over))
    forgotten = forgotten + #over
  end
end
write()
return { forgotten, more }
