"""A real nginx in front of the gateway, as it stands in front of it in the field."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.end_to_end.conftest import Hosted, eventually, free_port
from tests.fakes import FOUND, KEY, TOKEN

pytestmark = pytest.mark.needs("nginx")

CONFIG = """
daemon off;
error_log stderr;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    upstream callgate {{ server 127.0.0.1:{port}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{own};
        location / {{ return 404; }}
        location /verba/api {{
            proxy_pass http://callgate;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_read_timeout 70s;
        }}
    }}
}}
"""


@pytest.fixture
def nginx(hosted: Hosted, tmp_path: Path) -> Iterator[str]:
    """The address of an nginx before the gateway."""
    own = free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(folder=tmp_path, port=hosted.port, own=own), "utf-8")
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-p", str(tmp_path), "-c", str(config)])
    origin = f"http://127.0.0.1:{own}"

    def answers() -> bool:
        try:
            return requests.get(f"{origin}/", timeout=2).status_code == 404
        except requests.ConnectionError:
            return False

    try:
        eventually(answers)
        yield origin
    finally:
        process.terminate()
        process.wait(10)


def test_the_sample_is_answered_through_nginx_on_connections_that_are_kept(nginx: str) -> None:
    asked = {
        "action": "GetCallID",
        "apiKey": KEY,
        "token": TOKEN,
        "extension": "8856",
        "status": "last",
    }
    with requests.Session() as session:
        for _ in range(50):
            assert session.get(f"{nginx}/verba/api", params=asked, timeout=10).content == FOUND
            assert session.post(f"{nginx}/verba/api", data=asked, timeout=10).content == FOUND


def test_the_operators_pages_are_not_reached_through_it(nginx: str) -> None:
    assert requests.get(f"{nginx}/-/live", timeout=10).status_code == 404
