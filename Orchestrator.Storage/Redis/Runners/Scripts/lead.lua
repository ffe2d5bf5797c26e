-- ARGV: instance, the term held or '', how long in ms. Answers: the term, or 0 while another one leads.
local lock = P .. 'leader:' .. ARGV[1]
local held = redis.call('GET', lock)
if held and held ~= ARGV[2] then return 0 end
if not held then held = next_fence() end
redis.call('SET', lock, held, 'PX', ARGV[3])
return tonumber(held)
