-- ARGV: state or '', how many. Answers: id and head of the newest of each state, state by state; some more than asked for.
local state, limit = ARGV[1], tonumber(ARGV[2])
local ids = {}
local function add(more, most)
  for i = 1, math.min(#more, most) do ids[#ids + 1] = more[i] end
end

-- These are ordered by another time than that of creation, which ids are ordered by. Exact for a thousand of them.
local function add_newest(index)
  local some = redis.call('ZREVRANGE', index, 0, math.max(limit, 1000) - 1)
  table.sort(some, function(one, other) return one > other end)
  add(some, limit)
end

if state == '' or state == 'p' then
  add(redis.call('LRANGE', PENDING, -limit, -1), limit)
  add_newest(DELAYED)
end
if state == '' or state == 'r' then add_newest(LEASES) end
if state == '' or state == 'c' then add(redis.call('LRANGE', COMPLETE, -limit, -1), limit) end
for own, index in pairs({ f = FAILED, x = CANCELLED }) do
  if state == '' or state == own then add(redis.call('ZREVRANGE', index, 0, limit - 1), limit) end
end

local answer = {}
for i, id in ipairs(ids) do
  answer[i * 2 - 1], answer[i * 2] = id, redis.call('HGET', HEADS, id)
end
return answer
