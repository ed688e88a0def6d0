if misses_queues() then
  return 'more queues'
end
local worker = asked.worker
call('HSET', workers, worker, asked.record)
call('ZADD', leases, asked.leaseUntil, worker)
local held = { tonumber(call('HGET', holding, worker) or 0) }
for _, queue in ipairs(taking_part) do
  for _, id in ipairs(call('SMEMBERS', queue.cancelling)) do
    local running = call('HGET', queue.running, id)
    if running and string.sub(running, 1, #worker + 1) == worker .. ':' then
      append(held, id)
    end
  end
end
return held
