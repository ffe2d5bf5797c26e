-- ARGV: id, template, engine, owner kind, owner id, lease in ms or '', token or '', network, port or '',
-- placement or '', plan or ''.
-- Answers: the runner, or nothing.
local id, template, engine, kind, owner, port = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[9]
if read(id) or read_owned(template, kind, owner) then return {} end
if port ~= '' and redis.call('GETBIT', P .. 'ports:' .. engine, port) == 1 then return {} end
local function given(text) return text ~= '' and text end
return add({}, insert(id, { template = template, engine = engine, state = LEASED, kind = kind, owner = owner,
  expires = deadline(ARGV[6]), token = given(ARGV[7]), network = ARGV[8], port = given(port), placement = given(ARGV[10]),
  plan = given(ARGV[11]) }))
