local counts = {}
for index, queue in ipairs(taking_part) do
  local pending = call('ZCARD', queue.parked)
  for _, priority in ipairs(priorities) do
    pending = pending + call('ZCARD', queue[priority])
  end
  local earliest = earliest_in(queue)
  local row = { earliest and text_of[earliest], call('GET', queue.count), is_paused(queue) and 1 or 0, pending, call('HLEN', queue.running) }
  for _, state in ipairs({ 'succeeded', 'failed', 'cancelled' }) do
    row[#row + 1] = call('ZLEXCOUNT', queue.finished, range_of(state))
  end
  counts[index] = row
end
return counts
