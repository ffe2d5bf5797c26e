-- ARGV: visibility in ms; then for each claim: id, fence. Answers for each: 1 when it holds, else 0.
local deadline = text(now + tonumber(ARGV[1]))
local ids, leases, answers = {}, {}, {}
for i = 2, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
read_heads(ids)
for i, id in ipairs(ids) do
  local state, fence = parts(id)
  if state == 'r' and fence == ARGV[i * 2 + 1] then
    leases[#leases + 1] = deadline
    leases[#leases + 1] = id
    answers[i] = 1
  else
    answers[i] = 0
  end
end
if #leases > 0 then redis.call('ZADD', LEASES, unpack(leases)) end
return answers
