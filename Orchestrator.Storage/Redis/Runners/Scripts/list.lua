-- ARGV: engine, where to go on, how many. Answers: where to go on after these ('' when they were the last), then the runners.
local limit = tonumber(ARGV[3])
local page = redis.call('ZRANGEBYSCORE', P .. 'engine:' .. ARGV[1], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
local answer = { #page == limit * 2 and page[#page] or '' }
for i = 1, #page, 2 do
  local runner = read(page[i])
  if runner then add(answer, runner) end
end
return answer
