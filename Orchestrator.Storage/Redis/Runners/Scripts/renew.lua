-- ARGV: instance, template, lease in ms. Answers: how many leases there were.
local expires, renewed = deadline(ARGV[3]), 0
for _, id in ipairs(redis.call('ZRANGE', expiring_key(ARGV[1]), 0, -1)) do
  local seen = redis.call('HMGET', runner_key(id), 'state', 'template')
  if seen[1] == LEASED and seen[2] == ARGV[2] then
    redis.call('HSET', runner_key(id), 'expires', expires)
    redis.call('ZADD', expiring_key(ARGV[1]), expires, id)
    renewed = renewed + 1
  end
end
return renewed
