local queue = taking_part[1]
call('HSET', queues, queue.name, asked.paused and '1' or '0')
if not asked.paused then
  wake(queue)
end
return 1
