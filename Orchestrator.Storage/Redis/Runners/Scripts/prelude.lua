-- Put in front of every script of the runners. The keys are listed in RedisRunnerKeys.cs; all of them share one hash tag.
local P = KEYS[1]

-- A leader names its lock, and its term as the last argument.
if KEYS[2] and redis.call('GET', KEYS[2]) ~= ARGV[#ARGV] then
  return redis.error_reply('STALETERM this term of leadership is over')
end

-- Redis' own clock, in milliseconds, and the last moment that .NET's dates hold.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local END_OF_TIME = 253402300799999

local LAST_PORT = 65535
local CREATING, IDLE, LEASED, REMOVING = '0', '1', '2', '3'
local FIELDS = { 'template', 'instance', 'state', 'fence', 'tenant', 'kind', 'owner', 'expires', 'contact', 'made', 'idle',
  'token', 'network', 'port', 'placement', 'plan' }

local function runner_key(id) return P .. 'runner:' .. id end
local function expiring_key(instance) return P .. 'expiring:' .. instance end
local function owners_key(tenant, template) return P .. 'owners:' .. tenant .. ':' .. template end
local function idle_key(instance, template, plan) return P .. 'idle:' .. instance .. ':' .. template .. (plan and ':' .. plan or '') end

-- A deadline from a span in milliseconds; none without a span.
local function deadline(span)
  return span ~= '' and math.min(now + tonumber(span), END_OF_TIME)
end

-- Begins at the time, so that it grows even after the store was emptied: callers may still hold an older one.
local function next_fence()
  local fence = redis.call('INCR', P .. 'fence')
  if fence < now / 2 then
    fence = now
    redis.call('SET', P .. 'fence', fence)
  end
  return fence
end

-- A runner as a table, with false for absent fields; nil when there is none.
local function read(id)
  local values = redis.call('HMGET', runner_key(id), unpack(FIELDS))
  if not values[1] then return nil end
  local runner = { id = id }
  for i, field in ipairs(FIELDS) do runner[field] = values[i] end
  return runner
end

-- The same when its fence is the one seen.
local function read_seen(id, fence)
  local runner = read(id)
  return runner and runner.fence == fence and runner or nil
end

local function read_owned(template, tenant, kind, owner)
  local id = redis.call('HGET', owners_key(tenant, template), kind .. owner)
  return id and read(id)
end

-- Adds a runner to an answer: its id, then its fields.
local function add(answer, runner)
  local n = #answer + 1
  answer[n] = runner.id
  for i, field in ipairs(FIELDS) do answer[n + i] = runner[field] or false end
  return answer
end

-- The count of its pool that a runner belongs to.
local function place(runner)
  if runner.state == CREATING then return runner.owner and 'creating' or 'refilling' end
  return ({ [IDLE] = 'idle', [LEASED] = 'leased', [REMOVING] = 'removing' })[runner.state]
end

local function count(runner, where, by)
  redis.call('HINCRBY', P .. 'counts:' .. runner.instance .. ':' .. runner.template, where, by)
  if where == 'creating' or where == 'leased' then redis.call('HINCRBY', P .. 'owned', runner.template, by) end
end

-- A port that the engine chose may be in two records for a while: a dead runner's and its successor's.
local function count_port(instance, port, by)
  local users = redis.call('HINCRBY', P .. 'port-users:' .. instance, port, by)
  if users == 0 then redis.call('HDEL', P .. 'port-users:' .. instance, port) end
  redis.call('SETBIT', P .. 'ports:' .. instance, port, users > 0 and 1 or 0)
end

-- The first free port from one up, false when there is none. BITPOS begins at whole bytes.
local function free_port(instance, from)
  local ports = P .. 'ports:' .. instance
  while from % 8 > 0 and from <= LAST_PORT do
    if redis.call('GETBIT', ports, from) == 0 then return from end
    from = from + 1
  end
  local port = from <= LAST_PORT and math.max(from, redis.call('BITPOS', ports, 0, from / 8))
  return port and port <= LAST_PORT and port
end

-- Moves a runner's indexes and counts from its former state to its new one; nil is the state of a runner that does not exist.
local function follow(runner, was, is)
  if was == is then return end
  if was then count(runner, was, -1) end
  if is then count(runner, is, 1) end
  if was == 'idle' then redis.call('ZREM', idle_key(runner.instance, runner.template, runner.plan), runner.id) end
  if is == 'idle' then redis.call('ZADD', idle_key(runner.instance, runner.template, runner.plan), runner.fence, runner.id) end
  redis.call('PUBLISH', P .. 'changed:' .. runner.template, '')
end

-- Writes a runner's changes. A value of false removes a field.
local function change(runner, changes)
  local was, was_port, was_tenant = place(runner), runner.port, runner.tenant
  local was_owner = runner.owner and runner.kind .. runner.owner
  local set, gone = {}, {}
  for field, value in pairs(changes) do
    runner[field] = value
    if value then
      set[#set + 1] = field
      set[#set + 1] = value
    else
      gone[#gone + 1] = field
    end
  end

  redis.call('HSET', runner_key(runner.id), unpack(set))
  if #gone > 0 then redis.call('HDEL', runner_key(runner.id), unpack(gone)) end
  follow(runner, was, place(runner))
  if changes.expires then
    redis.call('ZADD', expiring_key(runner.instance), runner.expires, runner.id)
  elseif changes.expires == false then
    redis.call('ZREM', expiring_key(runner.instance), runner.id)
  end
  if changes.owner then
    redis.call('HSET', owners_key(runner.tenant, runner.template), runner.kind .. runner.owner, runner.id)
  elseif changes.owner == false and was_owner then
    redis.call('HDEL', owners_key(was_tenant, runner.template), was_owner)
  end
  if changes.port ~= nil and tonumber(changes.port) ~= tonumber(was_port) then
    if was_port then count_port(runner.instance, was_port, -1) end
    if changes.port then count_port(runner.instance, changes.port, 1) end
  end
  return runner
end

-- Makes a record.
local function insert(id, fields)
  fields.fence, fields.made = next_fence(), now
  fields.contact = fields.owner and now
  local runner = { id = id }
  change(runner, fields)
  for _, field in ipairs(FIELDS) do runner[field] = runner[field] or false end
  redis.call('ZADD', P .. 'instance:' .. runner.instance, runner.fence, id)
  return runner
end

-- Reserves a runner to be made; nil when ports have run out.
local function reserve(id, template, instance, token, network, first_port, within, tenant, kind, owner, plan)
  local port = first_port ~= '' and free_port(instance, tonumber(first_port))
  if first_port ~= '' and not port then return nil end
  return insert(id, { template = template, instance = instance, state = CREATING, tenant = tenant, kind = kind,
    owner = owner, expires = deadline(within), token = token, network = network, port = port, plan = plan })
end

-- A heartbeat from the owner.
local function touch(runner, lease)
  return change(runner, { expires = deadline(lease), contact = now })
end

-- Takes a runner out of use. Its owner keeps its place until it is gone.
local function begin_remove(runner)
  return change(runner, { state = REMOVING, expires = false, fence = next_fence() })
end
