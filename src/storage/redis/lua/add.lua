-- Adds jobs, six values for each: `queue, id, priority, runAt, key, document`, where `key` is `false` if there is none and
-- `document` its place in ARGV. Returns those whose key another holds, which are not added: `{ place, holder }`.
local function add(jobs)
  local held = {}
  for _, queue in ipairs(taking_part) do
    queue.added = 0
  end
  for place = 1, #jobs, 6 do
    local number, id, priority, run_at, key, document = unpack(jobs, place, place + 5)
    local queue = taking_part[number]
    if call('ZADD', queue.ids, 'NX', '0', id) == 1 then
      if key and call('HSETNX', queue.keys, key, id) == 0 then
        call('ZREM', queue.ids, id)
        held[#held + 1] = { (place + 5) / 6, call('HGET', queue.keys, key) }
      else
        call('HSET', queue.jobs, id, ARGV[document])
        call('ZADD', queue[priority], run_at, id)
        queue.added = queue.added + 1
      end
    end
  end
  for _, queue in ipairs(taking_part) do
    if queue.added > 0 then
      call('HSETNX', queues, queue.name, '0')
      call('INCRBY', queue.count, queue.added)
      wake(queue)
    end
  end
  return held
end
