-- ARGV: instance, term. Answers: 1, or 0 when that term was over.
local lock = P .. 'leader:' .. ARGV[1]
if redis.call('GET', lock) ~= ARGV[2] then return 0 end
redis.call('DEL', lock)
return 1
