-- ARGV: how many of the newest are kept; then for each share: submission id, round, '1' valid or '0', worker, the share as text.
-- Answers for each: the first answer, 1 or 0; 2 more when it was counted just now.
local kept = tonumber(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] .. string.format('%03d', math.floor(clock[2] / 1000))
local answers, workers, counted, counts, newest = {}, {}, {}, {}, nil

-- Counts and workers are summed up and written once.
local function count(key, valid)
  counts[key] = counts[key] or {}
  counts[key][valid] = (counts[key][valid] or 0) + 1
end

for i = 2, #ARGV, 5 do
  local id, round, valid = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HSETNX', IDS, id, valid) == 1 then
    count(TOTALS, valid)
    count(P .. 'round:' .. round, valid)
    workers[#workers + 1] = ARGV[i + 3]
    counted[#counted + 1] = i
    if not newest or tonumber(newest) < tonumber(round) then newest = round end
    answers[#answers + 1] = 2 + valid
  else
    answers[#answers + 1] = tonumber(redis.call('HGET', IDS, id))
  end
end

if newest then
  for key, fields in pairs(counts) do
    for field, by in pairs(fields) do redis.call('HINCRBY', key, field, by) end
  end
  redis.call('SADD', WORKERS, unpack(workers))
  -- Rounds stay below 2^53, which Lua's numbers hold exactly; they are written as received.
  local before = redis.call('HGET', TOTALS, 'r')
  if not before or tonumber(before) < tonumber(newest) then redis.call('HSET', TOTALS, 'r', newest) end
  local recent = {}
  for n = math.max(1, #counted - kept + 1), #counted do
    local i = counted[n]
    recent[#recent + 1] = ARGV[i + 2] .. now .. ' ' .. ARGV[i + 4]
  end
  redis.call('LPUSH', RECENT, unpack(recent))
  redis.call('LTRIM', RECENT, 0, kept - 1)
end
return answers
