local earliest = false
for _, queue in ipairs(taking_part) do
  if not is_paused(queue) then
    for _, priority in ipairs(priorities) do
      local run_at = tonumber(call('ZRANGE', queue[priority], 0, 0, 'WITHSCORES')[2])
      if run_at and (not earliest or run_at < earliest) then
        earliest = run_at
      end
    end
  end
end
return earliest and string.format('%.17g', earliest)
