-- Each of asked.changes is `{ id, from, jobs, queue, document, nextRunAt }`: without the last three for a schedule that is
-- removed, without the last for one that is paused or has no next occurrence. `document` is its place in ARGV.
local function version_of(id)
  local document = call('HGET', schedules, id)
  if document then
    return opened(document)[1]
  end
end

local function put(id, queue, document, next_run_at)
  call('HSET', schedules, id, document)
  call('HSETNX', queues, queue.name, '0')
  if next_run_at then
    call('ZADD', upcoming, next_run_at, id)
    wake(queue)
  else
    call('ZREM', upcoming, id)
  end
end

local function remove(id)
  call('HDEL', schedules, id)
  call('ZREM', upcoming, id)
end

local applied, jobs = {}, {}
for index, change in ipairs(asked.changes) do
  local id, from, added, place, document, next_run_at = unpack(change, 1, 6)
  if version_of(id) == from then
    if place then
      put(id, taking_part[place], ARGV[document], next_run_at)
    else
      remove(id)
    end
    for _, job in ipairs(added) do
      jobs[#jobs + 1] = job
    end
    applied[index] = 1
  else
    applied[index] = 0
  end
end
add(jobs)
return applied
