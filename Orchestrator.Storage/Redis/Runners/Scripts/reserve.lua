-- ARGV: target; then what to reserve: id, template, instance, token, network, first port or '', within in ms, plan.
-- Answers: the runner, or nothing.
local counts = redis.call('HMGET', P .. 'counts:' .. ARGV[4] .. ':' .. ARGV[3], 'idle', 'refilling')
if tonumber(counts[1] or 0) + tonumber(counts[2] or 0) >= tonumber(ARGV[1]) then return {} end
local reserved = reserve(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], false, false, false, ARGV[9])
return reserved and add({}, reserved) or {}
