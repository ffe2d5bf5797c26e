-- Put in front of every script of the tasks. The keys are listed in RedisTaskKeys.cs; all of them share one hash tag.
local P = KEYS[1]
local PENDING, DELAYED, LEASES = P .. 'pending', P .. 'delayed', P .. 'leases'
local COMPLETE, FAILED, CANCELLED = P .. 'complete', P .. 'failed', P .. 'cancelled'
local OUTBOX, COUNTS, WAKE = P .. 'outbox', P .. 'counts', P .. 'wake'

-- Redis' own clock, in milliseconds.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function task(id) return P .. 'task:' .. id end

-- Counts by state and type are summed up and written once.
local counts = {}
local function count(state, type, by)
  local field = state .. type
  counts[field] = (counts[field] or 0) + by
end
local function move(type, from, to)
  count(from, type, -1)
  count(to, type, 1)
end
local function write_counts()
  for field, by in pairs(counts) do
    if by ~= 0 then redis.call('HINCRBY', COUNTS, field, by) end
  end
end

-- A task's end, told when somebody wants to hear of it ('o').
local function finish(id, state, index, tell, field, value)
  redis.call('HSET', task(id), 's', state, 'z', now, field, value)
  redis.call('ZADD', index, now, id)
  if tell then
    redis.call('ZADD', OUTBOX, now, id)
    redis.call('PUBLISH', WAKE, '')
  end
end

-- How long until the first member of a sorted set of times, or of two; -1 when both are empty.
local function next_due(set, other)
  local due = -1
  for _, key in ipairs({ set, other }) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] then
      local wait = math.max(tonumber(first[2]) - now, 0)
      if due < 0 or wait < due then due = wait end
    end
  end
  return due
end
