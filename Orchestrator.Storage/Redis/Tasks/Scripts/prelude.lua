-- Put in front of every script of the tasks. The keys are listed in RedisTaskKeys.cs; all of them share one hash tag.
-- Numbers are passed as text wherever possible: Lua formats a number for every command that gets it, which costs more than
-- the command does.
local P = KEYS[1]
local HEADS, SPECS, RESULTS, ERRORS = P .. 'heads', P .. 'specs', P .. 'results', P .. 'errors'
local PENDING, DELAYED, LEASES = P .. 'pending', P .. 'delayed', P .. 'leases'
local COMPLETE, FAILED, CANCELLED = P .. 'complete', P .. 'failed', P .. 'cancelled'
local OUTBOX, TELLINGS, IDS, KEYED = P .. 'outbox', P .. 'tellings', P .. 'ids', P .. 'keyed'
local COUNTS, BYTES, MADE, WAKE = P .. 'counts', P .. 'bytes', P .. 'made', P .. 'wake'

-- Results of up to this many bytes are in the head, behind its parts: they need no entry of their own.
local SHORT = 256

local function text(number) return string.format('%.0f', number) end

-- Redis' own clock, in milliseconds.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local NOW = text(now)

-- Changes of tasks are read and written for all of them together. Counts by state and type are summed up likewise,
-- and so are the bytes of their inputs, and of what they ended with: a result, or the error of a failed one.
local heads, changed, counts, bytes = {}, {}, {}, 0

local function read_heads(ids)
  if #ids == 0 then return end
  for i, head in ipairs(redis.call('HMGET', HEADS, unpack(ids))) do
    -- A head changed here is not written yet.
    if heads[ids[i]] == nil then heads[ids[i]] = head end
  end
end

local function write_head(id, head)
  heads[id] = head
  changed[#changed + 1] = id
end

-- The parts of a task's head but for a result, all as text; nothing when there is no such task.
local function parts(id)
  if heads[id] == nil then heads[id] = redis.call('HGET', HEADS, id) end
  if heads[id] then return string.match(heads[id], '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)') end
end

-- Of a head: the result behind its parts, or nothing.
local HEAD_AND_RESULT = '^' .. string.rep('%S+ ', 8) .. '%S+ ?(.*)$'

local function write_parts(id, state, fence, attempts, report, type, made, begun, worker, ended)
  write_head(id, table.concat({ state, fence, attempts, report, type, made, begun, worker, ended }, ' '))
end

local function may_retry(id, attempts)
  return tonumber(attempts) < tonumber(string.match(redis.call('HGET', SPECS, id), '^%d+'))
end

local function count(state, type, by)
  local field = state .. type
  counts[field] = (counts[field] or 0) + by
end
local function move(type, from, to)
  count(from, type, -1)
  count(to, type, 1)
end

local function write()
  if #changed > 0 then
    local fields = {}
    for i, id in ipairs(changed) do fields[i * 2 - 1], fields[i * 2] = id, heads[id] end
    redis.call('HSET', HEADS, unpack(fields))
  end
  for field, by in pairs(counts) do
    if by ~= 0 then redis.call('HINCRBY', COUNTS, field, by) end
  end
  if bytes ~= 0 then redis.call('INCRBY', BYTES, text(bytes)) end
end

-- A task's end but for its head; reported if requested.
local function finish(id, index, report)
  redis.call('ZADD', index, NOW, id)
  if report == '1' then
    redis.call('ZADD', OUTBOX, NOW, id)
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
