-- Looks at no more than asked.examine jobs, newest first, and hands over those that match, few where they are large.
-- Answers how many they are, the last id that it looked at, and whether there may be more behind that.
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
  return call('ZRANGE', queue.ids, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, asked.examine)
end

local function matches(queue, id)
  if asked.task and original_of(queue, id).task ~= asked.task then
    return false
  end
  local running = call('HGET', queue.running, id)
  local fields = changes_of(queue, id)
  local state = running and 'running' or fields.state or 'pending'
  local worker = running and string.match(running, '^(.*):%d+:[^:]+$') or fields.worker
  return (not asked.state or asked.state == state) and (not asked.worker or asked.worker == worker)
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
    page[#page + 1] = stored(queue, id)
    bytes = bytes + #page[#page][3] + (page[#page][4] and #page[#page][4] or 0)
  end
  last = id
  if #page == asked.limit or bytes > asked.bytes then
    has_more = has_more or index < most
    break
  end
end
hand_over(page)
return { #page, last, has_more and 1 or 0 }
