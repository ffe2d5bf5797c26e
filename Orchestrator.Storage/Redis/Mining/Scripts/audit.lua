-- ARGV: how many of the newest shares are wanted.
-- Answers: invalid, valid, workers, newest round, then the newest shares, newest first.
local answer = { redis.call('HGET', TOTALS, '0') or '0', redis.call('HGET', TOTALS, '1') or '0',
  redis.call('SCARD', WORKERS) + redis.call('SCARD', INVALID_WORKERS), redis.call('HGET', TOTALS, 'r') or '0' }
local wanted = tonumber(ARGV[1])
if wanted > 0 then
  for _, share in ipairs(redis.call('LRANGE', RECENT, 0, wanted - 1)) do answer[#answer + 1] = share end
end
return answer
