-- ARGV: id, attempt, pause in ms (-1: settled for good). Answers: 1, or 0 when another attempt has begun since.
local id = ARGV[1]
if redis.call('HGET', TELLINGS, id) ~= ARGV[2] or not redis.call('ZSCORE', OUTBOX, id) then return 0 end
if tonumber(ARGV[3]) < 0 then
  redis.call('ZREM', OUTBOX, id)
else
  redis.call('ZADD', OUTBOX, now + tonumber(ARGV[3]), id)
  redis.call('PUBLISH', WAKE, '')
end
return 1
