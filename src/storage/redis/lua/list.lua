-- Hands over the next asked.limit jobs, newest first. The client leaves out those that do not match the rest of its
-- filter, and asks again.
if asked.all and misses_queues() then
  return 'more queues'
end

-- The index that holds the fewest jobs: that of the running ones, of an end, or of all.
local function ids_in(queue)
  if asked.state == 'running' then
    return call('HKEYS', queue.running)
  end
  if asked.state and asked.state ~= 'pending' then
    local first, last = range_of(asked.task and finished_prefix(asked.state, asked.task) or asked.state)
    return call('ZRANGE', queue.finished, first, last, 'BYLEX')
  end
  local from = asked.after and '(' .. asked.after or '+'
  return call('ZRANGE', queue.ids, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, asked.limit)
end

local found = {}
for _, queue in ipairs(taking_part) do
  for _, member in ipairs(ids_in(queue)) do
    local id = id_of(member)
    if not asked.after or id < asked.after then
      found[#found + 1] = { queue = queue, id = id }
    end
  end
end
table.sort(found, function(a, b)
  return a.id > b.id
end)
local page = {}
for index = 1, math.min(asked.limit, #found) do
  page[index] = stored(found[index].queue, found[index].id)
end
hand_over(page)
return #page
