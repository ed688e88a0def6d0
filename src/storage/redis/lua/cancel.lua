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
    call('SADD', queue.cancelling, id)
  else
    states[index] = 'pending'
    local original, batch = original_of(queue, id), batch()
    call('ZREM', queue[original.priority], id)
    cancel(batch, id, original, fields, bytes, asked.now)
    write(queue, batch)
  end
end
return states
