"""A recording of 256 MB through the gateway, against nginx's `proxy_pass` to the same origin."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from tests.benchmarks.waiting import memory
from tests.end_to_end.conftest import Hosted, eventually, free_port
from tests.fakes import KEY, TOKEN

SIZE = 256 * 1024 * 1024
ROUNDS = 5
_ORIGIN = """
daemon off;
error_log stderr crit;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{origin};
        root {folder};
        default_type audio/wav;
        location = /verba/api {{
            if ($arg_action = GetMedia) {{ rewrite ^ /media.wav last; }}
            return 404;
        }}
    }}
    server {{
        listen 127.0.0.1:{proxy};
        location / {{ proxy_pass http://127.0.0.1:{origin}; }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """The ports of an origin that has the recording, and of a proxy before it."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise SystemExit("media: nginx is not installed; apt-get install nginx-light")
    folder.chmod(0o755)  # its workers are nobody
    with (folder / "media.wav").open("wb") as file:
        file.truncate(SIZE)
    origin, proxy = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(_ORIGIN.format(folder=folder, origin=origin, proxy=proxy))
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(config)])
    try:
        eventually(lambda: _is_up(proxy))
        yield origin, proxy
    finally:
        process.terminate()
        process.wait(10)


def through_the_gateway() -> dict[str, float]:
    """Its throughput as a share of nginx's, and the memory that one worker needed for it."""
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)) as (origin, proxy):
        # Asked by GET, so that the origin can tell media from the feed's questions.
        node = f'http://127.0.0.1:{origin}/verba/api"]\nmethod = "GET" # '
        with tempfile.TemporaryDirectory() as folder:
            hosted = Hosted(Path(folder), node, "gevent", options=("--workers", "1")).start()
            try:
                (worker,) = hosted.workers()
                _fetch(hosted.port)
                before = memory(worker)
                ratios = [_fetch(proxy) / _fetch(hosted.port) for _ in range(ROUNDS)]
                grown = memory(worker) - before
            finally:
                hosted.stop()
    return {"throughput against nginx": median(ratios), "MB that the worker grew": grown}


def _fetch(port: int) -> float:
    """Seconds for the whole recording."""
    query = f"action=GetMedia&apiKey={KEY}&token={TOKEN}&callID=x"
    url = f"http://127.0.0.1:{port}/verba/api?{query}"
    told = "%{time_total} %{size_download}"
    command = ["curl", "--silent", "--fail", "--output", "/dev/null", "--write-out", told, url]
    seconds, size = subprocess.run(command, check=True, capture_output=True).stdout.split()
    if int(size) != SIZE:
        raise SystemExit(f"media: {int(size)} of {SIZE} bytes arrived")
    return float(seconds)


def _is_up(port: int) -> bool:
    try:
        requests.get(f"http://127.0.0.1:{port}/", timeout=1)
    except requests.ConnectionError:
        return False
    return True
