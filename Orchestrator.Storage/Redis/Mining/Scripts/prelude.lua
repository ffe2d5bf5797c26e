-- Put in front of every script of mining. The keys are listed in RedisShareLedger.cs; all of them share one hash tag.
local P = KEYS[1]
local IDS, TOTALS, WORKERS, RECENT = P .. 'ids', P .. 'totals', P .. 'workers', P .. 'recent'

-- Rounds stay below 2^53, which Lua's numbers hold exactly; they are written as they came.
local function note(round)
  local newest = redis.call('HGET', TOTALS, 'r')
  if not newest or tonumber(newest) < tonumber(round) then redis.call('HSET', TOTALS, 'r', round) end
end
