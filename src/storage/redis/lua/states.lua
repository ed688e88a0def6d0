local states = {}
for index, id in ipairs(asked.ids) do
  local queue = queue_of(id)
  states[index] = queue and state_of(queue, id) or false
end
return states
