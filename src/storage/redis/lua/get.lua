-- Few at a time, where they are large: the client asks for the rest.
local found, bytes = {}, 0
for index, id in ipairs(asked.ids) do
  if bytes > asked.bytes then
    break
  end
  local queue = queue_of(id)
  found[index] = queue and stored(queue, id) or false
  if queue then
    bytes = bytes + #found[index][3] + (found[index][4] and #found[index][4] or 0)
  end
end
hand_over(found)
return #found
