local now, worker = asked.now, asked.worker
local lease_until = tonumber(call('ZSCORE', leases, worker) or 0)
if lease_until <= now then
  return 'no lease'
end

local claimed, bytes, is_full = {}, 0, asked.limit == 0

-- The ids of due jobs, few where their inputs are large.
local function due_in(queue, priority, most)
  local ids, size = {}, bytes
  for index, id in ipairs(call('ZRANGE', queue[priority], '-inf', now, 'BYSCORE', 'LIMIT', 0, most)) do
    if size > asked.bytes then
      break
    end
    size = size + call('HSTRLEN', queue.jobs, id)
    ids[index] = id
  end
  return ids
end

-- Takes from one level of a queue until nothing in it is due or the claim is full.
local function take(queue, priority)
  while not is_full do
    local ids = due_in(queue, priority, math.min(64, asked.limit - #claimed))
    if #ids == 0 then
      return
    end
    local jobs, changes = call('HMGET', queue.jobs, unpack(ids)), call('HMGET', queue.changes, unpack(ids))
    local taken, running = {}, {}
    for index, id in ipairs(ids) do
      bytes = bytes + bytes_in(jobs[index])
      if bytes > asked.bytes and #claimed > 0 then
        is_full = true
        break
      end
      local claims = changes[index] and opened(changes[index]).claims or 0
      claimed[#claimed + 1] = { queue.name, id, jobs[index], changes[index] }
      append(taken, id)
      append(running, id, worker .. ':' .. (claims + 1) .. ':' .. string.format('%.17g', now))
    end
    call_with('ZREM', queue[priority], taken)
    call_with('HSET', queue.running, running)
    is_full = is_full or #claimed == asked.limit
  end
end

for _, queue in ipairs(taking_part) do
  if not is_paused(queue) then
    for _, priority in ipairs(priorities) do
      take(queue, priority)
    end
    -- Whoever takes all it can leaves the rest to another worker, which may be asleep. Else nobody need be woken.
    if is_full and has_due(queue, now) then
      wake(queue)
    else
      call('DEL', queue.wake)
    end
  end
end

if #claimed > 0 then
  call('HINCRBY', holding, worker, #claimed)
end
hand_over(claimed)
return #claimed
