"""gunicorn's settings for Callgate: `callgate serve CONFIG` reads this file.

Everything here can be overridden on the command line: `callgate serve CONFIG -- --workers 4`.
What belongs to the gateway (address, workers) stands in its own configuration file, which the
environment variable CALLGATE_CONFIG names.
"""

import os

from gateway.config import load
from gateway.operations import hosting

callgate = load(os.environ["CALLGATE_CONFIG"])

bind = [callgate.server.bind]
workers = callgate.server.workers

# A parked request costs a greenlet of about 15 KB here, and a thread under gthread. The limit is
# on connections, and so on the requests that may wait for their `next` call at the same time.
worker_class = "gevent"
worker_connections = 12_000
threads = 64  # for `-- --worker-class gthread` only

# gunicorn's own strict parser: "auto" takes whatever parser happens to be installed.
http_parser = "python"
# The recorder's clients send up to 4,000 characters of query; the default holds 4,094 in all.
limit_request_line = 8190

# Idle connections hold up a stop for so long; shorter costs handshakes.
keepalive = 5
# Requests that run are finished within this time after SIGTERM; parked ones are woken at once.
graceful_timeout = 30
# This watches the worker's heartbeat, not a request: the gateway's deadlines are its own.
timeout = 60
# Not on a disk: a heartbeat must not wait for one.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108

# The default access log writes the query string, and with it keys and tokens. %(U)s is the path.
accesslog = "-"
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(B)s %(M)sms id=%({x-request-id}o)s"
errorlog = "-"
logger_class = "gateway.operations.hosting.QuietLogger"

# The control socket is on by default, and nobody here uses it.
control_socket_disable = True
# Forwarded headers are the gateway's business, by `trusted_proxies`.
forwarded_allow_ips = ""

when_ready = hosting.when_ready
post_worker_init = hosting.post_worker_init
