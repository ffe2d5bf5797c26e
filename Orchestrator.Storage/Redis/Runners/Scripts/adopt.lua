-- ARGV: id, template, instance, owner's tenant, kind and id, lease in ms or '', token or '', network, port or '',
-- placement or '', plan or ''.
-- Answers: the runner, or nothing.
local id, template, instance, tenant, kind, owner, port = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[10]
if read(id) or read_owned(template, tenant, kind, owner) then return {} end
if port ~= '' and redis.call('GETBIT', P .. 'ports:' .. instance, port) == 1 then return {} end
local function given(text) return text ~= '' and text end
return add({}, insert(id, { template = template, instance = instance, state = LEASED, tenant = tenant, kind = kind,
  owner = owner, expires = deadline(ARGV[7]), token = given(ARGV[8]), network = ARGV[9], port = given(port),
  placement = given(ARGV[11]), plan = given(ARGV[12]) }))
