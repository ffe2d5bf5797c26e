-- ARGV: how many may be pending; then for each task: id, type, spec, tries, due time or '', idempotency key or '',
-- '1' when its end is to be told.
-- Answers for each: its id, the id of the task that has the idempotency key, or '' when the queue is full.
local room = tonumber(ARGV[1]) - redis.call('LLEN', PENDING) - redis.call('ZCARD', DELAYED)
local answers, ready, added = {}, {}, false
for i = 2, #ARGV, 7 do
  local id, type, due, key = ARGV[i], ARGV[i + 1], ARGV[i + 4], ARGV[i + 5]
  local answer = key ~= '' and redis.call('GET', P .. 'key:' .. key)
  if not answer then
    if room <= 0 then
      answer = ''
    else
      answer, added, room = id, true, room - 1
      redis.call('HSET', task(id), 's', 'p', 'y', type, 'd', ARGV[i + 2], 'm', ARGV[i + 3], 'c', now)
      if key ~= '' then
        redis.call('SET', P .. 'key:' .. key, id)
        redis.call('HSET', task(id), 'k', key)
      end
      if ARGV[i + 6] == '1' then redis.call('HSET', task(id), 'o', 1) end
      if due ~= '' and tonumber(due) > now then
        redis.call('ZADD', DELAYED, due, id)
      else
        ready[#ready + 1] = id
      end
      count('p', type, 1)
    end
  end
  answers[#answers + 1] = answer
end
if #ready > 0 then redis.call('RPUSH', PENDING, unpack(ready)) end
if added then
  write_counts()
  redis.call('PUBLISH', WAKE, '')
end
return answers
