-- Sends the lines of a plan one after the other: method, path, cookie, body, parted by tabs.
-- A plan of one line is sent again and again; a longer one ends the run where it ends.
local plan, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local method, path, cookie, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local headers = { ["Host"] = wrk.headers["Host"] }
    if args[2] == "gzip" then headers["Accept-Encoding"] = "gzip" end
    if cookie ~= "" then headers["Cookie"] = cookie end
    if body == "" then
      body = nil
    else
      headers["Content-Type"] = "application/x-www-form-urlencoded"
    end
    plan[#plan + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  if #plan == 1 then return plan[1] end
  at = at + 1
  if at > #plan then
    wrk.thread:stop()
    at = #plan
  end
  return plan[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'ERRORS connect %d, read %d, write %d, status %d, timeout %d\n',
    e.connect, e.read, e.write, e.status, e.timeout))
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "bytes": %d, "p50": %f, "p99": %f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
