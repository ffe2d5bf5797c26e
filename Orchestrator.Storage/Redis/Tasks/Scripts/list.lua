-- ARGV: state or '', how many, then where the page before ended: a time and an id, or '' twice.
-- Answers: the ids of the page, newest first, then the time and id where it ended, when there may be more.
local state, limit, time, last = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local LOOKS = 5000
local page = {}

-- From here on in a sorted set, newest first. What came last may have gone since; then those of its time come again.
local function first(index)
  if last == '' then return 0 end
  local rank = redis.call('ZREVRANK', index, last)
  return rank and rank + 1 or redis.call('ZCOUNT', index, time, '+inf')
end

local function read_index(index, matches)
  local from, looks = first(index), 0
  while looks < LOOKS do
    local some = redis.call('ZREVRANGE', index, from + looks, from + looks + math.max(limit, 100) - 1, 'WITHSCORES')
    local ids = {}
    for i = 1, #some, 2 do ids[#ids + 1] = some[i] end
    if #ids == 0 then return nil end
    if matches then read_heads(ids) end
    for i, id in ipairs(ids) do
      if not matches or matches(heads[id]) then page[#page + 1] = id end
      if #page == limit then return some[i * 2], id end
    end
    looks = looks + #ids
    time, last = some[#some], ids[#ids]
  end
  return time, last
end

-- The order of their ends. The oldest go first, so one that is gone was the last of them.
local function read_list(index)
  local before = redis.call('LLEN', index)
  if last ~= '' then before = redis.call('LPOS', index, last, 'RANK', -1) or 0 end
  if before == 0 then return nil end
  local some = redis.call('LRANGE', index, math.max(before - limit, 0), before - 1)
  for i = #some, 1, -1 do page[#page + 1] = some[i] end
  if before > limit then return '0', page[#page] end
end

-- Few: as many as workers have slots. They are ordered by another time than that of creation.
local function read_running()
  local ids = redis.call('ZREVRANGE', LEASES, 0, LOOKS - 1)
  read_heads(ids)
  local made = {}
  for _, id in ipairs(ids) do made[id] = tonumber((select(6, parts(id)))) or 0 end
  table.sort(ids, function(one, other)
    if made[one] ~= made[other] then return made[one] > made[other] end
    return one > other
  end)
  for _, id in ipairs(ids) do
    if last == '' or made[id] < tonumber(time) or (made[id] == tonumber(time) and id < last) then page[#page + 1] = id end
    if #page == limit then return text(made[id]), id end
  end
end

local to, at
if state == 'r' then
  to, at = read_running()
elseif state == 'c' then
  to, at = read_list(COMPLETE)
elseif state == 'f' or state == 'x' then
  to, at = read_index(state == 'f' and FAILED or CANCELLED)
elseif state == 'p' then
  to, at = read_index(MADE, function(head) return head and string.sub(head, 1, 1) == 'p' end)
else
  to, at = read_index(MADE)
end
return { page, to or '', at or '' }
