local now, worker = asked.now, asked.worker
local lease_until = tonumber(call('ZSCORE', leases, worker) or 0)
if lease_until <= now then
  return 'no lease'
end

local claimed, count, bytes, is_full = {}, 0, 0, asked.limit == 0

local function first_of(list, count)
  return count == #list and list or { unpack(list, 1, count) }
end

-- Takes from a part of a queue until the given range of it is empty or the claim is full: few at first, since their
-- inputs may be large.
local function take(queue, part, first, last, by)
  local few = 4
  while not is_full do
    local members = call('ZRANGE', queue[part], first, last, by, 'LIMIT', 0, math.min(few, asked.limit - count))
    if #members == 0 then
      return
    end
    local ids = {}
    for index, member in ipairs(members) do
      ids[index] = id_of(member)
    end
    local jobs, changes = call('HMGET', queue.jobs, unpack(ids)), call('HMGET', queue.changes, unpack(ids))
    local running = {}
    for index, id in ipairs(ids) do
      bytes = bytes + bytes_in(jobs[index])
      if bytes > asked.bytes and count > 0 then
        is_full = true
        break
      end
      local claims = changes[index] and changes_in(changes[index]).claims or 0
      append(running, id, running_prefix(worker, claims + 1) .. text_of[now])
      count = count + 1
    end
    local taken = #running / 2
    if taken > 0 then
      -- What was found stands together.
      local rank = call('ZRANK', queue[part], members[1])
      call('ZREMRANGEBYRANK', queue[part], rank, rank + taken - 1)
      call('HSET', queue.running, unpack(running))
      claimed[#claimed + 1] = { queue.name, first_of(ids, taken), first_of(jobs, taken), first_of(changes, taken) }
    end
    is_full = is_full or count == asked.limit
    few = math.min(64, 2 * few)
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

if count > 0 then
  call('HINCRBY', holding, worker, count)
end
hand_over(claimed)
return #claimed
