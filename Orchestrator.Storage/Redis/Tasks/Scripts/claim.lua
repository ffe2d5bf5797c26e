-- ARGV: worker, how many, visibility in ms.
-- Answers: the time, how long until there may be more (-1: nothing will be), then for each task: id, fence, attempt, made
-- at, spec.
local ABANDONED = 'The worker sent no heartbeat within the visibility time-out.'
local worker, wanted, deadline = ARGV[1], tonumber(ARGV[2]), text(now + tonumber(ARGV[3]))

-- n + 1; most tasks have the same few.
local successors = {}
local function successor(n)
  local next = successors[n]
  if not next then
    next = text(n + 1)
    successors[n] = next
  end
  return next
end

-- Tasks not ended in time go to the front, the first one last; after their last attempt they have failed.
local late = redis.call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, 256)
read_heads(late)
for i = #late, 1, -1 do
  local id = late[i]
  redis.call('ZREM', LEASES, id)
  local state, fence, attempts, report, type, made, begun, last = parts(id)
  if state == 'r' then
    if not may_retry(id, attempts) then
      write_parts(id, 'f', fence, attempts, report, type, made, begun, last, NOW)
      redis.call('HSET', ERRORS, id, ABANDONED)
      bytes = bytes + #ABANDONED
      finish(id, FAILED, report)
      move(type, 'r', 'f')
    else
      write_parts(id, 'p', fence, attempts, report, type, made, begun, last, '-')
      redis.call('LPUSH', PENDING, id)
      move(type, 'r', 'p')
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
  read_heads(ids)
  local specs = redis.call('HMGET', SPECS, unpack(ids))
  local leases, n, tail = {}, 2, ' ' .. NOW .. ' ' .. worker .. ' -'
  for i, id in ipairs(ids) do
    local fence, attempts, rest, type, made = string.match(heads[id] or '', '^p (%d+) (%d+) (%d (%S+) (%d+))')
    if fence then
      fence, attempts = successor(fence), successor(attempts)
      write_head(id, 'r ' .. fence .. ' ' .. attempts .. ' ' .. rest .. tail)
      move(type, 'p', 'r')
      leases[#leases + 1] = deadline
      leases[#leases + 1] = id
      answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4], answer[n + 5] = id, fence, attempts, made, specs[i]
      n = n + 5
    end
  end
  if #leases > 0 then redis.call('ZADD', LEASES, unpack(leases)) end
end
if #ids < wanted then answer[2] = next_due(DELAYED, LEASES) end
write()
return answer
