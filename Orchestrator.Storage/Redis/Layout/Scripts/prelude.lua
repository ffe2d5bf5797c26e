-- Put in front of every migration. KEYS: what every key begins with. The old keys are deleted in the same step.
-- Answers: 0 nothing to do, 1 migrated, 2 both layouts are there, 3 a process of the earlier version still leads.
local NONE, DONE, BOTH, RUNNING = 0, 1, 2, 3
local PREFIX = KEYS[1]

local function exists(key) return redis.call('EXISTS', key) == 1 end

-- The names of all keys with this beginning, without it.
local function names(root)
  local found, cursor = {}, '0'
  repeat
    local page = redis.call('SCAN', cursor, 'MATCH', root .. '*', 'COUNT', 1000)
    cursor = page[1]
    for _, key in ipairs(page[2]) do found[string.sub(key, #root + 1)] = true end
  until cursor == '0'
  return found
end
