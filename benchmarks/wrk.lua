-- Sends a list of requests once, in order, and writes as JSON how long that took.
-- wrk … --script wrk.lua URL -- LIST RESULT CONNECTIONS
-- A line of the list is a media type, a space and a path. wrk itself only runs for a time, so the last
-- request that was answered ends it by a signal.

local ffi = require("ffi")
ffi.cdef [[
  struct moment { long seconds; long nanoseconds; };
  int clock_gettime(int clock, struct moment *at);
  int kill(int process, int signal);
  int getpid(void);
]]
local MONOTONIC, INTERRUPT = 1, 2
local threads = {}

local function now()
  local at = ffi.new("struct moment")
  ffi.C.clock_gettime(MONOTONIC, at)
  return tonumber(at.seconds) + tonumber(at.nanoseconds) / 1e9
end

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  messages, sent, answered, first, last = {}, -1, 0, 0, 0
  result, connections = arguments[2], tonumber(arguments[3])
  for line in io.lines(arguments[1]) do
    local accept, path = line:match("^(%S+) (%S+)$")
    table.insert(messages, wrk.format("GET", path, { ["Host"] = "localhost", ["Accept"] = accept }))
  end
end

-- wrk calls it once before it begins, and then whenever a connection is free: every call but the first of
-- each connection tells that an answer has come.
function request()
  sent = sent + 1
  if sent == 1 then first = now() end
  if sent > connections and answered < #messages then
    answered, last = sent - connections, now()
    if answered == #messages then ffi.C.kill(ffi.C.getpid(), INTERRUPT) end
  end
  return messages[(math.max(sent, 1) - 1) % #messages + 1]
end

function done(summary, latency)
  local thread = threads[1]
  local answered, first, last = thread:get("answered"), thread:get("first"), thread:get("last")
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect
  local out = io.open(thread:get("result"), "w")
  out:write(string.format(
    '{"requests": %d, "seconds": %.6f, "median": %.3f, "p99": %.3f, "failed": %d, "processor": 0}',
    answered, math.max(last - first, 1e-6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
  out:close()
end
