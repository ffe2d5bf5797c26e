-- ARGV: a worker's name, its report, how long silent ones are kept (ms).
redis.call('ZADD', SEEN, now, ARGV[1])
redis.call('HSET', TOLD, ARGV[1], ARGV[2])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', SEEN, '-inf', now - ARGV[3], 'LIMIT', 0, 100)) do
  redis.call('ZREM', SEEN, gone)
  redis.call('HDEL', TOLD, gone)
end
return {}
