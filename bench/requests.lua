-- SPDX-License-Identifier: Apache-2.0
-- wrk -s requests.lua URL -- METHOD FILE [once]: a request with each token of FILE in turn; with "once" no token twice.
-- wrk -s requests.lua URL -- login: the user's name and password as JSON.
local count = 0

function setup(thread)
  thread:set("which", count)
  thread:set("of", tonumber(os.getenv("BENCH_THREADS")))
  count = count + 1
end

function init(args)
  made, at = {}, 0
  if args[1] == "login" then
    made[1] = wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, '{"username":"alice","password":"secret123"}')
    return
  end
  once = args[3] == "once"
  local line = 0
  for token in io.lines(args[2]) do
    -- Each thread has its own tokens.
    if line % of == which then
      made[#made + 1] = wrk.format(args[1], nil, { ["Authorization"] = "Bearer " .. token })
    end
    line = line + 1
  end
end

function request()
  if at == #made then
    if once then wrk.thread:stop() end
    at = 0
  end
  at = at + 1
  return made[at]
end
