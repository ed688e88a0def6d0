local queue = taking_part[1]
local first, last = range_of(finished_prefix(asked.state, asked.task))
local surplus = math.min(asked.limit, call('ZLEXCOUNT', queue.finished, first, last) - asked.count)
if surplus <= 0 then
  return 0
end
local members = call('ZRANGE', queue.finished, first, last, 'BYLEX', 'LIMIT', 0, surplus)
local batch = batch()
for _, member in ipairs(members) do
  append(batch.gone, id_of(member))
end
call_with('ZREM', queue.finished, members)
call_with('ZREM', queue.expiring, batch.gone)
write(queue, batch)
return surplus
