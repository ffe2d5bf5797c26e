-- Put in front of every script of the workers. The keys are listed in RedisWorkers.cs; both share one hash tag.
local P = KEYS[1]
local SEEN, TOLD = P .. 'seen', P .. 'told'

-- Redis' own clock, in milliseconds.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
