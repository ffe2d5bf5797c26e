-- ARGV: owner kind, owner id, lease in ms or '', limit or '', '1' when an idle one will do; then what to reserve: id,
-- template, engine, token, network, first port or '', within in ms.
-- Answers: 0 existing, 1 warm, 2 reserved or 3 full (ClaimOutcome), then the runner.
local kind, owner, lease, limit, template, engine = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[7], ARGV[8]
local mine = read_owned(template, kind, owner)
if mine then
  if mine.state == LEASED then touch(mine, lease) end
  return add({ 0 }, mine)
end

if limit ~= '' and tonumber(redis.call('HGET', P .. 'owned', template) or 0) >= tonumber(limit) then return { 3 } end

if ARGV[5] == '1' then
  local id = redis.call('ZRANGE', idle_key(engine, template), 0, 0)[1]
  if id then
    return add({ 1 }, change(read(id), { state = LEASED, kind = kind, owner = owner, expires = deadline(lease),
      contact = now, fence = next_fence() }))
  end
end

local reserved = reserve(ARGV[6], template, engine, ARGV[9], ARGV[10], ARGV[11], ARGV[12], kind, owner)
return reserved and add({ 2 }, reserved) or { 3 }
