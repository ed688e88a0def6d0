local now, worker = asked.now, asked.worker
local lease_until = tonumber(call('ZSCORE', leases, worker) or 0)
if lease_until <= now then
  return 'no lease'
end

local claimed, bytes, is_full = {}, 0, asked.limit == 0

-- Of the members that a command finds, few where their inputs are large.
local function few(queue, ...)
  local members, size = {}, bytes
  for index, member in ipairs(call(...)) do
    if size > asked.bytes then
      break
    end
    size = size + call('HSTRLEN', queue.jobs, id_of(member))
    members[index] = member
  end
  return members
end

-- Takes from a part of a queue until the given range of it is empty or the claim is full.
local function take(queue, part, first, last, by)
  while not is_full do
    local members = few(queue, 'ZRANGE', queue[part], first, last, by, 'LIMIT', 0, math.min(64, asked.limit - #claimed))
    if #members == 0 then
      return
    end
    local ids = {}
    for index, member in ipairs(members) do
      ids[index] = id_of(member)
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
      append(taken, members[index])
      append(running, id, worker .. ':' .. (claims + 1) .. ':' .. string.format('%.17g', now))
    end
    call_with('ZREM', queue[part], taken)
    call_with('HSET', queue.running, running)
    is_full = is_full or #claimed == asked.limit
  end
end

local function take_due(queue)
  for _, priority in ipairs(priorities) do
    take(queue, priority, '-inf', now, 'BYSCORE')
  end
  -- Whoever takes all it can leaves the rest to another worker, which may be asleep. Else nobody need be woken.
  if is_full and has_due(queue, now) then
    wake(queue)
  else
    call('DEL', queue.wake)
  end
end

-- All but those that a worker of the same sources has parked.
local function take_parked(queue, task)
  local first, last = range_of(parked_prefix(task))
  local own_first, own_last = range_of(parked_prefix(task, asked.parked.sources))
  take(queue, 'parked', first, '(' .. string.sub(own_first, 2), 'BYLEX')
  take(queue, 'parked', '[' .. string.sub(own_last, 2), last, 'BYLEX')
end

for _, queue in ipairs(taking_part) do
  if not is_paused(queue) then
    if not asked.parked then
      take_due(queue)
    elseif call('ZCARD', queue.parked) > 0 then
      for _, task in ipairs(asked.parked.tasks) do
        take_parked(queue, task)
      end
    end
  end
end

if #claimed > 0 then
  call('HINCRBY', holding, worker, #claimed)
end
hand_over(claimed)
return #claimed
