-- Few at a time, where they are large: the client asks for the rest.
local found, bytes = {}, 0
for index, id in ipairs(asked.ids) do
  if bytes > asked.bytes then
    break
  end
  local queue, size = queue_of(id), 0
  found[index] = false
  if queue then
    found[index], size = stored(queue, id)
  end
  bytes = bytes + size
end
hand_over(found)
return #found
