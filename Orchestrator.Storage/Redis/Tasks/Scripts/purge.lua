-- ARGV: retention of complete and cancelled tasks and of failed ones in ms, how many of each.
-- Answers: how many were deleted, then 1 when there may be more.
local limit = tonumber(ARGV[3])
local forgotten, more = 0, 0

local function forget(ids, state)
  if #ids == 0 then return end
  read_heads(ids)
  for _, id in ipairs(ids) do
    local type = select(5, parts(id))
    if type then
      count(state, type, -1)
      bytes = bytes - redis.call('HSTRLEN', SPECS, id)
      if state == 'f' then bytes = bytes - redis.call('HSTRLEN', ERRORS, id) end
      -- A short result is in the head.
      if state == 'c' then bytes = bytes - redis.call('HSTRLEN', RESULTS, id) - #string.match(heads[id], HEAD_AND_RESULT) end
    end
  end
  for i, key in ipairs(redis.call('HMGET', KEYED, unpack(ids))) do
    if key and redis.call('HGET', IDS, key) == ids[i] then redis.call('HDEL', IDS, key) end
  end
  for _, key in ipairs({ HEADS, SPECS, RESULTS, ERRORS, TELLINGS, KEYED }) do redis.call('HDEL', key, unpack(ids)) end
  redis.call('ZREM', MADE, unpack(ids))
  forgotten = forgotten + #ids
end

for state, index in pairs({ x = CANCELLED, f = FAILED }) do
  local retention = tonumber(state == 'f' and ARGV[2] or ARGV[1])
  local ids = redis.call('ZRANGEBYSCORE', index, '-inf', now - retention, 'LIMIT', 0, limit)
  if #ids == limit then more = 1 end
  local over = {}
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', OUTBOX, id) then
      -- Its end is still to be reported: checked again in a minute.
      redis.call('ZADD', index, now - retention + 60000, id)
    else
      over[#over + 1] = id
    end
  end
  forget(over, state)
  if #over > 0 then redis.call('ZREM', index, unpack(over)) end
end

local oldest = redis.call('LRANGE', COMPLETE, 0, limit - 1)
read_heads(oldest)
local over, kept, seen = {}, {}, 0
for _, id in ipairs(oldest) do
  local ended = select(9, parts(id))
  if ended and tonumber(ended) > now - tonumber(ARGV[1]) then break end
  seen = seen + 1
  if redis.call('ZSCORE', OUTBOX, id) then
    -- Its end is still to be reported: it keeps its place.
    kept[#kept + 1] = id
  else
    over[#over + 1] = id
  end
end
if #over > 0 then
  if seen == limit then more = 1 end
  redis.call('LTRIM', COMPLETE, seen, -1)
  for i = #kept, 1, -1 do redis.call('LPUSH', COMPLETE, kept[i]) end
  forget(over, 'c')
end
write()
return { forgotten, more }
