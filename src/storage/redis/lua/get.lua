if misses_queues() then
  return 'more queues'
end
local found = {}
for index, id in ipairs(asked.ids) do
  local queue = queue_of(id)
  found[index] = queue and stored(queue, id) or false
end
hand_over(found)
return #found
