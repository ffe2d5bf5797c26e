-- ARGV: instance. Answers: the leased and creating runners whose deadline has passed, the longest passed first.
local answer = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiring_key(ARGV[1]), '-inf', now)) do
  local runner = read(id)
  if runner then add(answer, runner) end
end
return answer
