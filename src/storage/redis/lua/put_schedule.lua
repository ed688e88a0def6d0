local schedule = { id = asked.id, nextRunAt = asked.nextRunAt, paused = asked.paused, definition = ARGV[2] }
call('HSET', schedules, asked.id, cmsgpack.pack(schedule))
return 1
