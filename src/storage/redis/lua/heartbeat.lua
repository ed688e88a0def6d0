local worker = asked.worker
local before = call('HGET', workers, worker)
local sent = before and cjson.decode(before).sent
-- One that was given up and arrives late must not take back what a later one has renewed.
if not sent or sent.by ~= asked.sent.by or sent.count < asked.sent.count then
  call('HSET', workers, worker, asked.record)
  call('ZADD', leases, asked.leaseUntil, worker)
end
local held = { tonumber(call('HGET', holding, worker) or 0) }
for _, queue in ipairs(taking_part) do
  for _, id in ipairs(call('SMEMBERS', queue.cancelling)) do
    local running = call('HGET', queue.running, id)
    if running and runs_for(running, worker) then
      append(held, id)
    end
  end
end
return held
