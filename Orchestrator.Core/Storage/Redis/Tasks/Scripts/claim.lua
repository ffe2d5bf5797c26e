-- ARGV: worker, how many, visibility in ms.
-- Answers: the time, how long until something falls due (-1: nothing will), then for each task: id, fence, try, made at, spec.
local worker, wanted, visibility = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

-- What a worker has not ended in time goes to the front; after its last try it has failed.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 256)) do
  redis.call('ZREM', LEASES, id)
  local seen = redis.call('HMGET', task(id), 's', 'y', 'a', 'm', 'o')
  if seen[1] == 'r' then
    if tonumber(seen[3]) >= tonumber(seen[4]) then
      finish(id, 'f', FAILED, seen[5], 'e', 'The worker gave no sign of life within the visibility time-out.')
      move(seen[2], 'r', 'f')
    else
      redis.call('HSET', task(id), 's', 'p')
      redis.call('LPUSH', PENDING, id)
      move(seen[2], 'r', 'p')
    end
  end
end

local due = redis.call('ZRANGEBYSCORE', DELAYED, '-inf', now, 'LIMIT', 0, 1000)
if #due > 0 then
  redis.call('ZREM', DELAYED, unpack(due))
  redis.call('RPUSH', PENDING, unpack(due))
end

local answer = { now, 0 }
local ids = redis.call('LRANGE', PENDING, 0, wanted - 1)
if #ids > 0 then
  redis.call('LTRIM', PENDING, #ids, -1)
  local leases = {}
  for _, id in ipairs(ids) do
    local key = task(id)
    local seen = redis.call('HMGET', key, 's', 'y', 'a', 'f', 'c', 'd')
    if seen[1] == 'p' then
      local try, fence = (tonumber(seen[3]) or 0) + 1, (tonumber(seen[4]) or 0) + 1
      redis.call('HSET', key, 's', 'r', 'a', try, 'f', fence, 'w', worker, 'b', now)
      leases[#leases + 1] = now + visibility
      leases[#leases + 1] = id
      local n = #answer
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] = id, fence, try, seen[5], seen[6]
      move(seen[2], 'p', 'r')
    end
  end
  if #leases > 0 then redis.call('ZADD', LEASES, unpack(leases)) end
else
  answer[2] = next_due(DELAYED, LEASES)
end
write_counts()
return answer
