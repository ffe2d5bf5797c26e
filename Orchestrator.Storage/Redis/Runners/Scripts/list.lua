-- ARGV: instance, tenant or '' for all, where to continue, how many.
-- Answers: where to continue after these ('' when they were the last), then the runners.
local tenant, limit = ARGV[2], tonumber(ARGV[4])
local page = redis.call('ZRANGEBYSCORE', P .. 'instance:' .. ARGV[1], '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
local answer = { #page == limit * 2 and page[#page] or '' }
for i = 1, #page, 2 do
  local runner = read(page[i])
  if runner and (tenant == '' or runner.tenant == tenant) then add(answer, runner) end
end
return answer
