-- Ends attempts. ARGV for each: what, id, fence, text, pause in ms.
-- 'c': complete, the text is the result. 'f': failed, the text is the error; a pause of -1 asks for no retry.
-- 'g': released.
-- Answers for each: 0 the claim was void, 1 done (to be retried), 2 failed for good.
local wake, back = false, {}

local function give_back(id)
  local _, fence, attempts, report, type, made, begun, worker = parts(id)
  write_parts(id, 'p', fence, text(attempts - 1), report, type, made, begun, worker, '-')
  move(type, 'r', 'p')
  back[#back + 1] = id
  wake = true
  return 1
end

local function fail(id, error, pause)
  local _, fence, attempts, report, type, made, begun, worker = parts(id)
  redis.call('HSET', ERRORS, id, error)
  if pause >= 0 and may_retry(id, attempts) then
    write_parts(id, 'p', fence, attempts, report, type, made, begun, worker, '-')
    move(type, 'r', 'p')
    redis.call('ZADD', DELAYED, text(now + pause), id)
    wake = true
    return 1
  end
  write_parts(id, 'f', fence, attempts, report, type, made, begun, worker, NOW)
  move(type, 'r', 'f')
  bytes = bytes + #error
  finish(id, FAILED, report)
  return 2
end

local ids = {}
for i = 2, #ARGV, 5 do ids[#ids + 1] = ARGV[i] end
read_heads(ids)

local answers, ended, complete, results = {}, {}, {}, {}
for i = 1, #ARGV, 5 do
  local what, id = ARGV[i], ARGV[i + 1]
  local state, fence, rest, report, type = string.match(heads[id] or '', '^(%S+) (%S+) (%S+ (%S+) (%S+) %S+ %S+ %S+ )')
  local answer = 0
  if fence == ARGV[i + 2] then
    if state == 'c' and what == 'c' then
      answer = 1
    elseif state == 'r' then
      ended[#ended + 1] = id
      if what == 'c' then
        local head, result = 'c ' .. fence .. ' ' .. rest .. NOW, ARGV[i + 3]
        bytes = bytes + #result
        if #result <= SHORT then
          head = head .. ' ' .. result
        else
          results[#results + 1] = id
          results[#results + 1] = result
        end
        write_head(id, head)
        move(type, 'r', 'c')
        complete[#complete + 1] = id
        if report == '1' then
          redis.call('ZADD', OUTBOX, NOW, id)
          wake = true
        end
        answer = 1
      elseif what == 'g' then
        answer = give_back(id)
      else
        answer = fail(id, ARGV[i + 3], tonumber(ARGV[i + 4]))
      end
    end
  end
  answers[#answers + 1] = answer
end
if #ended > 0 then
  redis.call('ZREM', LEASES, unpack(ended))
  for i = #back, 1, -1 do redis.call('LPUSH', PENDING, back[i]) end
  if #complete > 0 then
    redis.call('RPUSH', COMPLETE, unpack(complete))
    if #results > 0 then redis.call('HSET', RESULTS, unpack(results)) end
  end
  write()
  if wake then redis.call('PUBLISH', WAKE, '') end
end
return answers
