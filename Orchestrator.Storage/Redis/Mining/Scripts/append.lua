-- ARGV: how many of the newest are kept, how many invalid ones; then for each share: submission id, round, '1' valid or '0',
-- worker, the share as text.
-- Answers for each: the first answer, 1 or 0; 2 more when it was counted just now.
local kept, bound = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] .. string.format('%03d', math.floor(clock[2] / 1000))
local answers, counted, counts, newest = {}, {}, {}, nil
local workers, rounds, valid_in = { ['1'] = {}, ['0'] = {} }, {}, {}

-- Counts and workers are summed up and written once.
local function count(key, valid)
  counts[key] = counts[key] or {}
  counts[key][valid] = (counts[key][valid] or 0) + 1
end

for i = 3, #ARGV, 5 do
  local id, round, valid = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HSETNX', IDS, id, valid) == 1 then
    count(TOTALS, valid)
    count(P .. 'round:' .. round, valid)
    if valid_in[round] == nil then rounds[#rounds + 1] = round end
    valid_in[round] = valid_in[round] or valid == '1'
    table.insert(workers[valid], ARGV[i + 3])
    counted[#counted + 1] = i
    if valid == '0' then redis.call('RPUSH', INVALID_IDS, id) end
    if not newest or tonumber(newest) < tonumber(round) then newest = round end
    answers[#answers + 1] = 2 + valid
  else
    answers[#answers + 1] = tonumber(redis.call('HGET', IDS, id))
  end
end

if newest then
  for _, round in ipairs(rounds) do
    if not valid_in[round] and redis.call('EXISTS', P .. 'round:' .. round) == 0 then redis.call('RPUSH', INVALID_ROUNDS, round) end
  end
  for key, fields in pairs(counts) do
    for field, by in pairs(fields) do redis.call('HINCRBY', key, field, by) end
  end
  if #workers['1'] > 0 then
    redis.call('SADD', WORKERS, unpack(workers['1']))
    redis.call('SREM', INVALID_WORKERS, unpack(workers['1']))
  end
  for _, worker in ipairs(workers['0']) do
    if redis.call('SCARD', INVALID_WORKERS) < bound and redis.call('SISMEMBER', WORKERS, worker) == 0 then
      redis.call('SADD', INVALID_WORKERS, worker)
    end
  end
  -- Invalid shares cost their senders nothing: what only they have made is forgotten, the oldest first.
  for _ = bound + 1, redis.call('LLEN', INVALID_IDS) do redis.call('HDEL', IDS, redis.call('LPOP', INVALID_IDS)) end
  for _ = bound + 1, redis.call('LLEN', INVALID_ROUNDS) do
    local key = P .. 'round:' .. redis.call('LPOP', INVALID_ROUNDS)
    if redis.call('HEXISTS', key, '1') == 0 then redis.call('DEL', key) end
  end
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
