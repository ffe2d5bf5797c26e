-- ARGV: owner's tenant, kind and id, lease in ms or '', limit or '', '1' when an idle one is acceptable; then what to reserve:
-- id, template, instance, token, network, first port or '', within in ms, plan.
-- Answers: 0 existing, 1 warm, 2 reserved or 3 full (ClaimOutcome), then the runner.
local tenant, kind, owner, lease, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local template, instance = ARGV[8], ARGV[9]
local mine = read_owned(template, tenant, kind, owner)
if mine then
  if mine.state == LEASED then touch(mine, lease) end
  return add({ 0 }, mine)
end

if limit ~= '' and tonumber(redis.call('HGET', P .. 'owned', template) or 0) >= tonumber(limit) then return { 3 } end

if ARGV[6] == '1' then
  local pool = idle_key(instance, template, ARGV[14])
  local id = redis.call('ZRANGE', pool, 0, 0)[1]
  while id do
    local runner = read(id)
    if runner and runner.state == IDLE then
      return add({ 1 }, change(runner, { state = LEASED, tenant = tenant, kind = kind, owner = owner,
        expires = deadline(lease), contact = now, fence = next_fence() }))
    end
    -- Its record is gone.
    redis.call('ZREM', pool, id)
    id = redis.call('ZRANGE', pool, 0, 0)[1]
  end
end

local reserved = reserve(ARGV[7], template, instance, ARGV[10], ARGV[11], ARGV[12], ARGV[13], tenant, kind, owner, ARGV[14])
return reserved and add({ 2 }, reserved) or { 3 }
