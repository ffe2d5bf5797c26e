-- ARGV: owner kind, owner id, lease in ms or '', limit or '', '1' when an idle one will do; then what to reserve: id,
-- template, engine, token, network, first port or '', within in ms, plan.
-- Answers: 0 existing, 1 warm, 2 reserved or 3 full (ClaimOutcome), then the runner.
local kind, owner, lease, limit, template, engine = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[7], ARGV[8]
local mine = read_owned(template, kind, owner)
if mine then
  if mine.state == LEASED then touch(mine, lease) end
  return add({ 0 }, mine)
end

if limit ~= '' and tonumber(redis.call('HGET', P .. 'owned', template) or 0) >= tonumber(limit) then return { 3 } end

if ARGV[5] == '1' then
  local pool = idle_key(engine, template, ARGV[13])
  local id = redis.call('ZRANGE', pool, 0, 0)[1]
  while id do
    local runner = read(id)
    if runner and runner.state == IDLE then
      return add({ 1 }, change(runner, { state = LEASED, kind = kind, owner = owner, expires = deadline(lease),
        contact = now, fence = next_fence() }))
    end
    -- An instance of a version without plans took it away.
    redis.call('ZREM', pool, id)
    id = redis.call('ZRANGE', pool, 0, 0)[1]
  end
end

local reserved = reserve(ARGV[6], template, engine, ARGV[9], ARGV[10], ARGV[11], ARGV[12], kind, owner, ARGV[13])
return reserved and add({ 2 }, reserved) or { 3 }
