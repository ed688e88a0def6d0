local found = {}
for _, document in ipairs(asked.ids and read(schedules, asked.ids) or call('HVALS', schedules)) do
  if document then
    found[#found + 1] = document
  end
end
hand_over(found)
return #found
