local worker = asked.worker
local before = call('HGET', workers, worker)
local registered_at, record = string.match(before or asked.seenAt .. ' {}', '^(%d+) (.*)$')
local sent = cjson.decode(record).sent
-- One that was given up and arrives late must not take back what a later one has renewed.
if not sent or sent.by ~= asked.sent.by or sent.count < asked.sent.count then
  call('HSET', workers, worker, registered_at .. ' ' .. asked.record)
  call('ZADD', leases, asked.leaseUntil, worker)
end
local ids, reasons = {}, {}
for _, queue in ipairs(taking_part) do
  local cancelling = call('HGETALL', queue.cancelling)
  for index = 1, #cancelling, 2 do
    local running = call('HGET', queue.running, cancelling[index])
    if running and begins_with(running, running_prefix(worker)) then
      ids[#ids + 1], reasons[#reasons + 1] = cancelling[index], cancelling[index + 1]
    end
  end
end
return { tonumber(call('HGET', holding, worker) or 0), ids, reasons, tonumber(registered_at) }
