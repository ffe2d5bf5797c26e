-- ARGV: the name of a worker that has ended.
redis.call('ZREM', SEEN, ARGV[1])
redis.call('HDEL', TOLD, ARGV[1])
return {}
