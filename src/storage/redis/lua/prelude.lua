-- Goes before every script, behind the encodings. KEYS holds the keys of the whole storage, then those of each queue that
-- takes part; ARGV[1] is what the script is asked, in msgpack, and the rest of ARGV is bytes, which msgpack in Redis
-- cannot read.
--
-- A job that runs is in `running`, and neither its `original` nor its `changes` are written for that: its attempt and its
-- claims are one higher than they say.

local call = redis.call
local handoff, queues, any_wake, workers, leases, holding, schedules, upcoming = unpack(KEYS, 1, 8)
local asked = cmsgpack.unpack(ARGV[1])

local parts = {
  'jobs', -- what the client inserted, by id
  'changes', -- what has changed since, by id
  'ids', -- every id, in order
  'high', 'normal', 'low', -- the pending ids, by execution time
  'parked', -- the other pending ids, as `task:sources:id`, in that order
  'running', -- by id: `length of worker:worker:claims:startedAt`
  'cancelling', -- by the running ids that somebody wants cancelled: why
  'keys', -- by key: the id that holds it
  'finished', -- `state:task:finishedAt:id`, in that order
  'expiring', -- the finished ids, by the time at which they are to be deleted
  'wake', -- at most one token, for one of the workers that wait
  'count', -- how many jobs were ever added
}
local priorities = { 'high', 'normal', 'low' }

local taking_part = {}
for index, name in ipairs(asked.queues) do
  local queue = { name = name }
  for place, part in ipairs(parts) do
    queue[part] = KEYS[8 + (index - 1) * #parts + place]
  end
  taking_part[index] = queue
end

-- Lua passes no more than some thousand arguments to a function.
local most_arguments = 6000

local function call_with(command, key, arguments)
  for first = 1, #arguments, most_arguments do
    call(command, key, unpack(arguments, first, math.min(first + most_arguments - 1, #arguments)))
  end
end

local function read(hash, ids)
  local values = {}
  for first = 1, #ids, most_arguments do
    local some = call('HMGET', hash, unpack(ids, first, math.min(first + most_arguments - 1, #ids)))
    for index = 1, #some do
      values[first + index - 1] = some[index]
    end
  end
  return values
end

-- Where a script needs every queue, the client may not know them all.
if asked.all then
  local missing = call('HLEN', queues) ~= #taking_part
  for _, known in ipairs(read(queues, asked.queues)) do
    missing = missing or not known
  end
  if missing then
    return 'more queues'
  end
end

-- Bytes reach the client unharmed only as the value of a key, which it reads right behind the script. That key is
-- neither replicated nor written to the log.
local function hand_over(value)
  redis.set_repl(redis.REPL_NONE)
  if #value == 0 then
    call('DEL', handoff)
  else
    call('SET', handoff, cmsgpack.pack(value), 'PX', 10000)
  end
  redis.set_repl(redis.REPL_ALL)
end

-- What the client inserted: `task`, `priority`, `key` and how long the job is kept.
local function original_of(queue, id)
  local fields = opened(call('HGET', queue.jobs, id))
  return { task = fields[1], priority = fields[2], run_at = fields[3], key = fields[4], keep = fields[5], keep_failed = fields[6] }
end

local function changes_of(queue, id)
  local document = call('HGET', queue.changes, id)
  if document then
    return changes_in(document)
  end
  return { attempt = 0, claims = 0, crashes = 0 }, ''
end

local function state_of(queue, id)
  if call('HEXISTS', queue.running, id) == 1 then
    return 'running'
  end
  return changes_of(queue, id).state or 'pending'
end

local function is_paused(queue)
  return call('HGET', queues, queue.name) == '1'
end

-- Leaves a token for one of the workers that serve the queue, and one for one of those that serve every queue.
local function wake(queue)
  if is_paused(queue) then
    return
  end
  for _, list in ipairs({ queue.wake, any_wake }) do
    if call('LLEN', list) == 0 then
      call('LPUSH', list, '1')
    end
  end
end

-- What is to be written and deleted in a queue, so that many jobs cost one call.
local function batch()
  return { high = {}, normal = {}, low = {}, parked = {}, changes = {}, finished = {}, expiring = {}, free = {}, gone = {} }
end

local function write(queue, batch)
  for _, priority in ipairs(priorities) do
    call_with('ZADD', queue[priority], batch[priority])
  end
  call_with('ZADD', queue.parked, batch.parked)
  call_with('HSET', queue.changes, batch.changes)
  call_with('ZADD', queue.finished, batch.finished)
  call_with('ZADD', queue.expiring, batch.expiring)
  call_with('HDEL', queue.keys, batch.free)
  call_with('HDEL', queue.jobs, batch.gone)
  call_with('HDEL', queue.changes, batch.gone)
  call_with('ZREM', queue.ids, batch.gone)
end

-- The earliest execution time in the lines of a queue, `false` if they are empty.
local function earliest_in(queue)
  local earliest = false
  for _, priority in ipairs(priorities) do
    local run_at = tonumber(call('ZRANGE', queue[priority], 0, 0, 'WITHSCORES')[2])
    if run_at and (not earliest or run_at < earliest) then
      earliest = run_at
    end
  end
  return earliest
end

-- Whether a queue has jobs that are due.
local function has_due(queue, now)
  local earliest = earliest_in(queue)
  return earliest and earliest <= now
end

local function append(list, first, second)
  local size = #list
  list[size + 1] = first
  list[size + 2] = second
end

-- Notes that a job has ended; `keep` is how long it stays, without limit if absent.
local function finish(batch, id, state, task, key, keep, changes, now)
  if key then
    append(batch.free, key)
  end
  if keep == 0 then
    append(batch.gone, id)
    return
  end
  append(batch.changes, id, changes)
  append(batch.finished, '0', finished_member(state, task, now, id))
  if keep then
    append(batch.expiring, text_of[now + keep], id)
  end
end

local function keep_of(original, state)
  if state == 'failed' then
    return original.keep_failed
  end
  return original.keep
end

-- Ends a job as cancelled.
local function cancel(batch, id, original, fields, bytes, reason, now)
  fields.state = 'cancelled'
  fields.finishedAt = now
  fields.reason = reason
  fields.parked = nil
  finish(batch, id, 'cancelled', original.task, original.key, original.keep, closed_changes(fields, bytes), now)
end

-- A job as it is handed over, and how many bytes its documents have. Jobs of a queue are handed over together: its name,
-- their ids, their documents and why they are to be cancelled, each as HMGET gives it.
local function stored(queue, id)
  local job, changes, running =
    call('HGET', queue.jobs, id), call('HGET', queue.changes, id), call('HGET', queue.running, id)
  local cancelling = running and call('HGET', queue.cancelling, id)
  local bytes = #job + (changes and #changes or 0)
  return { queue.name, { id }, { job }, { changes }, { running }, { cancelling } }, bytes
end

-- The queue that holds a job.
local function queue_of(id)
  for _, queue in ipairs(taking_part) do
    if call('HEXISTS', queue.jobs, id) == 1 then
      return queue
    end
  end
end
