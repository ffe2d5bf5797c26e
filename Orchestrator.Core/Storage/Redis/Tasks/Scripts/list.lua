-- ARGV: state or '', how many. Answers: ids, the newest of each state.
local state, limit = ARGV[1], tonumber(ARGV[2])
local ids = {}
local function add(more)
  for _, id in ipairs(more) do ids[#ids + 1] = id end
end
if state == '' or state == 'p' then
  add(redis.call('LRANGE', PENDING, -limit, -1))
  add(redis.call('ZREVRANGE', DELAYED, 0, limit - 1))
end
for own, index in pairs({ r = LEASES, c = COMPLETE, f = FAILED, x = CANCELLED }) do
  if state == '' or state == own then add(redis.call('ZREVRANGE', index, 0, limit - 1)) end
end
return ids
