local all = {}
for index, bytes in ipairs(call('HVALS', schedules)) do
  all[index] = bytes
end
hand_over(all)
return #all
