-- Ends tries. ARGV for each: what, id, fence, text, pause in ms.
-- 'c': complete, the text is the result. 'f': failed, the text is the error; a pause of -1 asks for no other try.
-- 'g': given back.
-- Answers for each: 0 the claim was void, 1 done (to be tried again), 2 failed for good.
local answers, ended, complete, wake = {}, {}, {}, false
for i = 1, #ARGV, 5 do
  local what, id, text, pause = ARGV[i], ARGV[i + 1], ARGV[i + 3], tonumber(ARGV[i + 4])
  local seen = redis.call('HMGET', task(id), 's', 'f', 'y', 'o', 'a', 'm')
  local state, type = seen[1], seen[3]
  local answer = 0
  if seen[2] ~= ARGV[i + 2] then
    answer = 0
  elseif state == 'c' and what == 'c' then
    answer = 1
  elseif state == 'r' then
    ended[#ended + 1] = id
    if what == 'c' then
      answer = 1
      redis.call('HSET', task(id), 's', 'c', 'z', now, 'r', text)
      complete[#complete + 1] = now
      complete[#complete + 1] = id
      if seen[4] then
        redis.call('ZADD', OUTBOX, now, id)
        wake = true
      end
      move(type, 'r', 'c')
    elseif what == 'g' then
      answer, wake = 1, true
      redis.call('HSET', task(id), 's', 'p', 'a', tonumber(seen[5]) - 1)
      redis.call('LPUSH', PENDING, id)
      move(type, 'r', 'p')
    elseif pause >= 0 and tonumber(seen[5]) < tonumber(seen[6]) then
      answer, wake = 1, true
      redis.call('HSET', task(id), 's', 'p', 'e', text)
      redis.call('ZADD', DELAYED, now + pause, id)
      move(type, 'r', 'p')
    else
      answer = 2
      finish(id, 'f', FAILED, seen[4], 'e', text)
      move(type, 'r', 'f')
    end
  end
  answers[#answers + 1] = answer
end
if #ended > 0 then
  redis.call('ZREM', LEASES, unpack(ended))
  if #complete > 0 then redis.call('ZADD', COMPLETE, unpack(complete)) end
  write_counts()
  if wake then redis.call('PUBLISH', WAKE, '') end
end
return answers
