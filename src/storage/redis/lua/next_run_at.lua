local earliest = false
for _, queue in ipairs(taking_part) do
  local run_at = not is_paused(queue) and earliest_in(queue)
  if run_at and (not earliest or run_at < earliest) then
    earliest = run_at
  end
end
return earliest and text_of[earliest]
