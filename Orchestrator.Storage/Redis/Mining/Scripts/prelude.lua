-- Put in front of every script of mining. The keys are listed in RedisShareLedger.cs; all of them share one hash tag.
local P = KEYS[1]
local IDS, TOTALS, WORKERS, RECENT = P .. 'ids', P .. 'totals', P .. 'workers', P .. 'recent'
local INVALID_IDS, INVALID_ROUNDS, INVALID_WORKERS = P .. 'invalid:ids', P .. 'invalid:rounds', P .. 'invalid:workers'
