local ended = call('ZRANGE', leases, '-inf', asked.now, 'BYSCORE')
if #ended == 0 then
  return {}
end
local is_ended = {}
for _, worker in ipairs(ended) do
  is_ended[worker] = true
end

local recovered = {}
for _, queue in ipairs(taking_part) do
  local batch, lost = batch(), {}
  local running = call('HGETALL', queue.running)
  for index = 1, #running, 2 do
    local id = running[index]
    local worker, claims, started_at = string.match(running[index + 1], '^%d+:(.*):(%d+):([^:]+)$')
    if is_ended[worker] then
      local original = original_of(queue, id)
      local fields, bytes = changes_of(queue, id)
      fields.worker = worker
      fields.claims = tonumber(claims)
      fields.startedAt = tonumber(started_at)
      fields.crashes = fields.crashes + 1
      fields.reason = nil
      fields.parked = nil
      local cancelled = call('HGET', queue.cancelling, id)
      if cancelled then
        call('HDEL', queue.cancelling, id)
        cancel(batch, id, original, fields, bytes, cancelled, asked.now)
      else
        append(batch.changes, id, closed_changes(fields, bytes))
        append(batch[original.priority], text_of[fields.runAt or original.run_at], id)
      end
      append(lost, id)
      append(recovered, id)
    end
  end
  if #lost > 0 then
    call_with('HDEL', queue.running, lost)
    write(queue, batch)
    wake(queue)
  end
end
call_with('ZREM', leases, ended)
call_with('HDEL', workers, ended)
call_with('HDEL', holding, ended)
return recovered
