-- Goes before every script: how documents, entries and members are written.

-- A table that makes what it lacks, once: Lua is slow to write numbers.
local function written(format)
  return setmetatable({}, {
    __index = function(texts, number)
      texts[number] = string.format(format, number)
      return texts[number]
    end,
  })
end

-- By number, as the client and the commands read it: of a number in an answer, Redis would drop the fraction.
local text_of = written('%.17g')
-- By time, in the order of the times.
local digits_of = written('%016.0f')

-- A stored document is the length of its fields, the fields in msgpack, and bytes.
local function opened(document)
  local length = struct.unpack('>I4', document)
  return cmsgpack.unpack(string.sub(document, 5, 4 + length)), string.sub(document, 5 + length)
end

local function closed(fields, bytes)
  local packed = cmsgpack.pack(fields)
  return struct.pack('>I4', #packed) .. packed .. bytes
end

local function bytes_in(document)
  return #document - 4 - struct.unpack('>I4', document)
end

-- What a document of changes holds, in this order.
local change_fields = {
  'attempt', 'claims', 'crashes', 'runAt', 'worker', 'startedAt', 'reason', 'parked', 'errorBytes', 'noteBytes', 'state', 'finishedAt',
}

local function changes_in(document)
  local values, bytes = opened(document)
  local changes = {}
  for place, field in ipairs(change_fields) do
    changes[field] = values[place]
  end
  return changes, bytes
end

local function closed_changes(changes, bytes)
  local values = {}
  for place, field in ipairs(change_fields) do
    values[place] = changes[field] or cjson.null
  end
  return closed(values, bytes)
end

-- How the entries of `running` begin that are of this worker, and of this claim if one is given.
local function running_prefix(worker, claims)
  return text_of[#worker] .. ':' .. worker .. ':' .. (claims and text_of[claims] .. ':' or '')
end

local function begins_with(text, prefix)
  return string.sub(text, 1, #prefix) == prefix
end

-- The range of the members that begin with a prefix and a colon.
local function range_of(prefix)
  return '[' .. prefix .. ':', '(' .. prefix .. ';'
end

-- The length keeps task names apart.
local function finished_prefix(state, task)
  return state .. ':' .. text_of[#task] .. ':' .. task
end

local function parked_prefix(task, sources)
  return #task .. ':' .. task .. (sources and ':' .. sources or '')
end

local function parked_member(task, sources, id)
  return parked_prefix(task, sources) .. ':' .. id
end

local function finished_member(state, task, finished_at, id)
  return finished_prefix(state, task) .. ':' .. digits_of[finished_at] .. ':' .. id
end

local function id_of(member)
  return string.match(member, '[^:]*$')
end
