local function retry(id)
  local queue = queue_of(id)
  if not queue then
    return 0
  end
  local fields, bytes = changes_of(queue, id)
  if not fields.finishedAt then
    return 0
  end
  local original, batch = original_of(queue, id), batch()
  if original.key and call('HSETNX', queue.keys, original.key, id) == 0 then
    return 0
  end
  call('ZREM', queue.finished, finished_member(fields.state, original.task, fields.finishedAt, id))
  call('ZREM', queue.expiring, id)
  fields.state = nil
  fields.finishedAt = nil
  fields.reason = nil
  fields.attempt = 0
  fields.crashes = 0
  fields.runAt = asked.now
  append(batch.changes, id, closed_changes(fields, string.sub(bytes, 1, (fields.errorBytes or 0) + (fields.noteBytes or 0))))
  append(batch[original.priority], asked.now, id)
  write(queue, batch)
  wake(queue)
  return 1
end

local retried = {}
for index, id in ipairs(asked.ids) do
  retried[index] = retry(id)
end
return retried
