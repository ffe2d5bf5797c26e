-- ARGV: how many, visibility in ms. Answers: how long until the next is due (-1: none), then for each: id, attempt, age in ms.
local answer = { -1 }
for _, id in ipairs(redis.call('ZRANGEBYSCORE', OUTBOX, '-inf', now, 'LIMIT', 0, ARGV[1])) do
  local ended = tonumber((select(9, parts(id))))
  if ended then
    local attempt = redis.call('HINCRBY', TELLINGS, id, 1)
    redis.call('ZADD', OUTBOX, now + tonumber(ARGV[2]), id)
    local n = #answer
    answer[n + 1], answer[n + 2], answer[n + 3] = id, attempt, now - ended
  else
    redis.call('ZREM', OUTBOX, id)
  end
end
answer[1] = next_due(OUTBOX, nil)
return answer
