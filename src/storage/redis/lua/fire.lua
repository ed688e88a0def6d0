local bytes = call('HGET', schedules, asked.id)
local schedule = bytes and cmsgpack.unpack(bytes)
if not schedule or schedule.paused or schedule.nextRunAt ~= asked.occurrence then
  return 0
end
schedule.nextRunAt = asked.next
call('HSET', schedules, asked.id, cmsgpack.pack(schedule))
add(asked.jobs)
return 1
