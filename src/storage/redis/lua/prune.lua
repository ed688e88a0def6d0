local overdue = {}
for _, queue in ipairs(taking_part) do
  local found = call('ZRANGE', queue.expiring, '-inf', asked.now, 'BYSCORE', 'LIMIT', 0, asked.limit, 'WITHSCORES')
  for index = 1, #found, 2 do
    overdue[#overdue + 1] = { id = found[index], at = tonumber(found[index + 1]), queue = queue }
  end
  queue.batch, queue.members = batch(), {}
end
table.sort(overdue, function(a, b)
  return a.at < b.at or a.at == b.at and a.id < b.id
end)

local pruned = math.min(asked.limit, #overdue)
for index = 1, pruned do
  local id, queue = overdue[index].id, overdue[index].queue
  local fields, original = changes_of(queue, id), original_of(queue, id)
  append(queue.members, finished_member(fields.state, original.task, fields.finishedAt, id))
  append(queue.batch.gone, id)
end
for _, queue in ipairs(taking_part) do
  call_with('ZREM', queue.finished, queue.members)
  call_with('ZREM', queue.expiring, queue.batch.gone)
  write(queue, queue.batch)
end
return pruned
