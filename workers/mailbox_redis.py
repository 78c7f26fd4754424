"""
The shops' queues as lists of a Redis database, emptied by scripts that run inside Redis: taking is one step, so that nothing is lost.

What was taken lies in a hash until it is done, and comes back alone when its time is over: whoever had it has died.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

import redis

from workers.mailbox import KEPT, LARGEST, MOST, MOST_BYTES, PATIENCE, Taken

HELD, DUE, TAGS = "orderpipe.held", "orderpipe.due", "orderpipe.tags"
_PRIORITIES = ("", "\x06\x163", "\x06\x166", "\x06\x169")
"""Where Celery puts messages of a priority, behind the queue's name."""

_TAKE = """
local now, lease, most, largest, kept, most_bytes = unpack(ARGV)
now, most, largest, kept, most_bytes = tonumber(now), tonumber(most), tonumber(largest), tonumber(kept), tonumber(most_bytes)

local back = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1)[1]
local held = back and redis.call('HGET', KEYS[1], back)
if back and not held then redis.call('ZREM', KEYS[2], back) end
if held then
    local queue, text, size, times = cmsgpack.unpack(held)
    redis.call('HDEL', KEYS[1], back)  -- first, because where memory is short only a script that has written may write more
    redis.call('HSET', KEYS[1], back, cmsgpack.pack(queue, text, size, times + 1))
    redis.call('ZADD', KEYS[2], now + lease, back)
    return {{back, queue, text, size, times + 1}}
end

local taken, bytes, lists = {}, 0, {}
for place = 4, #KEYS do lists[#lists + 1] = KEYS[place] end
while #lists > 0 and #taken < most and bytes < most_bytes do
    local more = {}
    for _, list in ipairs(lists) do
        if #taken >= most or bytes >= most_bytes then break end
        local text = redis.pcall('RPOP', list)
        if type(text) == 'string' then
            local size, tag = #text, tostring(redis.call('INCR', KEYS[3]))
            if size > largest then text = string.sub(text, 1, kept) end
            redis.call('HSET', KEYS[1], tag, cmsgpack.pack(list, text, size, 1))
            redis.call('ZADD', KEYS[2], now + lease, tag)
            taken[#taken + 1], bytes, more[#more + 1] = {tag, list, text, size, 1}, bytes + #text, list
        end
    end
    lists = more
end
return taken
"""

_GIVE_BACK = """
for _, tag in ipairs(ARGV) do
    local held = redis.call('HGET', KEYS[1], tag)
    if held then
        local queue, text, size, times = cmsgpack.unpack(held)
        redis.call('HDEL', KEYS[1], tag)
        redis.call('HSET', KEYS[1], tag, cmsgpack.pack(queue, text, size, times - 1))
        redis.call('ZADD', KEYS[2], 0, tag)
    end
end
"""


class RedisMailbox:
    """The lists of one database; `lease` is the time within which what was taken must be done."""

    away: tuple[type[Exception], ...] = (redis.RedisError,)

    def __init__(self, url: str, lease: timedelta) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2, client_name="orderpipe-door")
        self._take = self._client.register_script(_TAKE)
        self._give_back = self._client.register_script(_GIVE_BACK)
        self._lease = lease.total_seconds()
        self._turn = 0

    def take(self, queues: Sequence[str]) -> list[Taken]:
        """Up to MOST messages, one from each list in turn, another list first each time; alone, one that came back."""
        self._turn += 1
        first = self._turn % max(len(queues), 1)
        lists = [queue + priority for queue in (*queues[first:], *queues[:first]) for priority in _PRIORITIES]
        bounds = [time.time(), self._lease, MOST, LARGEST, KEPT, MOST_BYTES]
        found = self._take(keys=[HELD, DUE, TAGS, *lists], args=bounds)
        if not found:
            time.sleep(PATIENCE)
        return [Taken(_queue(name), tag.decode(), raw, size, times) for tag, name, raw, size, times in found]

    def done(self, messages: Sequence[Taken]) -> None:
        """Forget them."""
        tags = [one.tag for one in messages]
        with self._client.pipeline(transaction=False) as together:  # a transaction is refused where memory is short
            together.hdel(HELD, *tags)
            together.zrem(DUE, *tags)
            together.execute()

    def give_back(self, messages: Sequence[Taken]) -> None:
        """Let them be taken again at once, as if they had not been."""
        self._give_back(keys=[HELD, DUE], args=[one.tag for one in messages])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def _queue(name: bytes) -> str:
    return name.decode().partition("\x06")[0]
