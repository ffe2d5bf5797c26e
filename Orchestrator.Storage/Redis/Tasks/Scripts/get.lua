-- ARGV: ids. Answers for each: head, spec, result and error, each nil where there is none.
local answer = {}
for _, key in ipairs({ HEADS, SPECS, RESULTS, ERRORS }) do
  for _, value in ipairs(redis.call('HMGET', key, unpack(ARGV))) do answer[#answer + 1] = value end
end
return answer
