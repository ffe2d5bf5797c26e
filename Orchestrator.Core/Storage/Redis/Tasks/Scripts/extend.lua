-- ARGV: visibility in ms; then for each claim: id, fence. Answers for each: 1 when it holds, else 0.
local deadline = now + tonumber(ARGV[1])
local answers = {}
for i = 2, #ARGV, 2 do
  local seen = redis.call('HMGET', task(ARGV[i]), 's', 'f')
  if seen[1] == 'r' and seen[2] == ARGV[i + 1] then
    redis.call('ZADD', LEASES, deadline, ARGV[i])
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = 0
  end
end
return answers
