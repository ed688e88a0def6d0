-- Looks at no more than asked.examine jobs, newest first, and hands over those that match, few where they are large.
-- Answers how many they are, the last id that it looked at, and whether there may be more behind that.
-- The smallest index: that of the running jobs, of those that ended in this way if they are few, or of all.
local function ids_in(queue)
  if asked.state == 'running' then
    return call('HKEYS', queue.running)
  end
  if asked.state and asked.state ~= 'pending' then
    local first, last = range_of(asked.task and finished_prefix(asked.state, asked.task) or asked.state)
    if call('ZLEXCOUNT', queue.finished, first, last) <= 5 * asked.examine then
      return call('ZRANGE', queue.finished, first, last, 'BYLEX')
    end
  end
  local from = asked.after and '(' .. asked.after or '+'
  return call('ZRANGE', queue.ids, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, asked.examine)
end

local function matches(queue, id)
  if asked.task and original_of(queue, id).task ~= asked.task then
    return false
  end
  if asked.state and asked.state ~= state_of(queue, id) then
    return false
  end
  local running = call('HGET', queue.running, id)
  if not asked.worker then
    return true
  end
  return running and begins_with(running, running_prefix(asked.worker)) or not running and changes_of(queue, id).worker == asked.worker
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

local page, bytes, last = {}, 0, false
local most = math.min(asked.examine, #found)
local has_more = #found >= asked.examine
for index = 1, most do
  local queue, id = found[index].queue, found[index].id
  if matches(queue, id) then
    local job, size = stored(queue, id)
    page[#page + 1] = job
    bytes = bytes + size
  end
  last = id
  if #page == asked.limit or bytes > asked.bytes then
    has_more = has_more or index < most
    break
  end
end
hand_over(page)
return { #page, last, has_more and 1 or 0 }
