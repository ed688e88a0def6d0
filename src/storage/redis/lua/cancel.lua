local states = {}
for index, id in ipairs(asked.ids) do
  local queue = queue_of(id)
  local fields, bytes = {}, ''
  if queue then
    fields, bytes = changes_of(queue, id)
  end
  if not queue then
    states[index] = false
  elseif fields.finishedAt then
    states[index] = fields.state
  elseif call('HEXISTS', queue.running, id) == 1 then
    states[index] = 'running'
    call('HSETNX', queue.cancelling, id, asked.reason)
  else
    states[index] = 'pending'
    local original, batch = original_of(queue, id), batch()
    if fields.parked then
      call('ZREM', queue.parked, parked_member(original.task, fields.parked, id))
    else
      call('ZREM', queue[original.priority], id)
    end
    cancel(batch, id, original, fields, bytes, asked.reason, asked.now)
    write(queue, batch)
  end
end
return states
