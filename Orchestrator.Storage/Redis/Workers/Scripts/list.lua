-- ARGV: how long a silent worker counts as present (ms), how many at most. Answers: each one's last report.
local there = redis.call('ZRANGEBYSCORE', SEEN, now - ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])
if #there == 0 then return {} end
return redis.call('HMGET', TOLD, unpack(there))
