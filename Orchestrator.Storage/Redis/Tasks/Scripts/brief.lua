-- ARGV: largest result in bytes, then ids. Answers for each: head without a result, spec without its input, result and error,
-- each nil where there is none. One at a time: inputs and results may be large.
local largest = tonumber(ARGV[1])
local answer = {}
local function add(head, spec, result, error)
  local n = #answer
  answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = head, spec, result, error
end

for i = 2, #ARGV do
  local id = ARGV[i]
  local head, spec = redis.call('HGET', HEADS, id), redis.call('HGET', SPECS, id)
  if head and spec then
    -- The input is the last part (TaskSpecification); one of an earlier version, which had it in the middle, is read as it is.
    local input = string.find(spec, ',"i":', 1, true)
    local rest = input and string.sub(spec, 1, input - 1)
    if rest and string.find(rest, '"b":', 1, true) then spec = rest .. ',"i":{}}' end
    local result = string.match(head, HEAD_AND_RESULT)
    if result ~= '' then
      head = string.sub(head, 1, #head - #result - 1)
    else
      result = false
      if largest > 0 and redis.call('HSTRLEN', RESULTS, id) <= largest then result = redis.call('HGET', RESULTS, id) end
    end
    if result and #result > largest then result = false end
    add(head, spec, result, redis.call('HGET', ERRORS, id))
  else
    add(false, false, false, false)
  end
end
return answer
