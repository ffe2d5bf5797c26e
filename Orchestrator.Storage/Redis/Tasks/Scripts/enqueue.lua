-- ARGV: how many may be pending, how many bytes all may hold; then for each task: id, type, spec, attempts, due time or '', tenant and idempotency key
-- or '', 1 when its end is reported, else 0.
-- Answers for each: its id, the id of the task that has the idempotency key, or 'full' or 'bytes' when there is no room.
local room = tonumber(ARGV[1]) - redis.call('LLEN', PENDING) - redis.call('ZCARD', DELAYED)
local free = tonumber(ARGV[2]) - tonumber(redis.call('GET', BYTES) or '0')
local answers, specs, ready, made = {}, {}, {}, {}
for i = 3, #ARGV, 7 do
  local id, type, due, key = ARGV[i], ARGV[i + 1], ARGV[i + 4], ARGV[i + 5]
  local answer = key ~= '' and redis.call('HGET', IDS, key)
  if not answer then
    local spec = ARGV[i + 3] .. ' ' .. ARGV[i + 2]
    if room <= 0 then
      answer = 'full'
    elseif bytes + #spec > free then
      answer = 'bytes'
    else
      answer, room, bytes = id, room - 1, bytes + #spec
      specs[#specs + 1] = id
      specs[#specs + 1] = spec
      made[#made + 1] = NOW
      made[#made + 1] = id
      write_head(id, 'p 0 0 ' .. ARGV[i + 6] .. ' ' .. type .. ' ' .. NOW .. ' - - -')
      count('p', type, 1)
      if key ~= '' then
        redis.call('HSET', IDS, key, id)
        redis.call('HSET', KEYED, id, key)
      end
      if due ~= '' and tonumber(due) > now then
        redis.call('ZADD', DELAYED, due, id)
      else
        ready[#ready + 1] = id
      end
    end
  end
  answers[#answers + 1] = answer
end
if #specs > 0 then
  redis.call('HSET', SPECS, unpack(specs))
  redis.call('ZADD', MADE, unpack(made))
  if #ready > 0 then redis.call('RPUSH', PENDING, unpack(ready)) end
  write()
  redis.call('PUBLISH', WAKE, '')
end
return answers
