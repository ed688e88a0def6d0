-- Each of asked.notes is `{ id, claims }`; its bytes are in ARGV.
for index, note in ipairs(asked.notes) do
  local id, claims = unpack(note)
  local queue = queue_of(id)
  local running = queue and call('HGET', queue.running, id)
  if running and begins_with(running, running_prefix(asked.worker, claims)) then
    local fields, bytes = changes_of(queue, id)
    local errors = string.sub(bytes, 1, fields.errorBytes or 0)
    fields.noteBytes = #ARGV[index + 1]
    call('HSET', queue.changes, id, closed_changes(fields, errors .. ARGV[index + 1]))
  end
end
