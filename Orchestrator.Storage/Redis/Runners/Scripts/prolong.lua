-- ARGV for each: id, fence, from now in ms. Answers for each: 1, or 0 when it is no longer a reservation of that fence.
local answers = {}
for i = 1, #ARGV, 3 do
  local runner = read_seen(ARGV[i], ARGV[i + 1])
  local holds = runner and runner.state == CREATING
  if holds then change(runner, { expires = deadline(ARGV[i + 2]) }) end
  answers[#answers + 1] = holds and 1 or 0
end
return answers
