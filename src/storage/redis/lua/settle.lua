-- asked.outcomes has eight values for each: `queue, id, claims, state, task, key, keep, false` for a job that ends, `queue,
-- id, claims, 'pending', task, priority, runAt, parked` for one that is put back. Its changes are in ARGV.
local now, worker = asked.now, asked.worker

for _, queue in ipairs(taking_part) do
  queue.batch, queue.asked_for, queue.ended = batch(), {}, {}
  queue.some_cancelled = call('HLEN', queue.cancelling) > 0
end
for place = 1, #asked.outcomes, 8 do
  local asked_for = taking_part[asked.outcomes[place]].asked_for
  asked_for[#asked_for + 1] = asked.outcomes[place + 1]
end
for _, queue in ipairs(taking_part) do
  queue.running_by_id = {}
  for index, running in ipairs(read(queue.running, queue.asked_for)) do
    queue.running_by_id[queue.asked_for[index]] = running
  end
end

local function put_back(queue, id, changes, task, priority, run_at, parked)
  local cancelled = queue.some_cancelled and call('HGET', queue.cancelling, id)
  if cancelled then
    local fields, bytes = changes_in(changes)
    fields.runAt = changes_of(queue, id).runAt
    cancel(queue.batch, id, original_of(queue, id), fields, bytes, cancelled, now)
    return
  end
  append(queue.batch.changes, id, changes)
  if parked then
    append(queue.batch.parked, 0, parked_member(task, parked, id))
  else
    append(queue.batch[priority], run_at, id)
    queue.has_more = true
  end
end

local applied, held = {}, 0
for index = 1, #asked.outcomes / 8 do
  local number, id, claims, state, task, key, keep = unpack(asked.outcomes, 8 * index - 7, 8 * index)
  local queue, changes = taking_part[number], ARGV[index + 1]
  local running = queue.running_by_id[id]
  if running and begins_with(running, running_prefix(worker, claims)) then
    queue.running_by_id[id] = false
    append(queue.ended, id)
    if state == 'pending' then
      put_back(queue, id, changes, unpack(asked.outcomes, 8 * index - 3, 8 * index))
    else
      finish(queue.batch, id, state, task, key, keep, changes, now)
    end
    applied[index] = 1
    held = held + 1
  else
    applied[index] = 0
  end
end
for _, queue in ipairs(taking_part) do
  call_with('HDEL', queue.running, queue.ended)
  if queue.some_cancelled then
    call_with('HDEL', queue.cancelling, queue.ended)
  end
  write(queue, queue.batch)
  if queue.has_more then
    wake(queue)
  end
end
if held > 0 then
  call('HINCRBY', holding, worker, -held)
end
return applied
