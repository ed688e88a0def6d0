local found, bytes = {}, 0
for index, id in ipairs(call('ZRANGE', upcoming, '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, asked.limit)) do
  if bytes > asked.bytes then
    break
  end
  found[index] = call('HGET', schedules, id)
  bytes = bytes + #found[index]
end
hand_over(found)
return #found
