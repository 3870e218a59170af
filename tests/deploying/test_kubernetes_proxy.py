"""The proxy that the Helm chart puts beside each web server, with nginx itself."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from petition.embedded import free_port
from tests.deploying.test_kubernetes import PROXY, VALUES
from tests.deploying.test_nginx import TOKEN, Nginx
from tests.rabbit import need
from tests.stack import open_folder, until


class Proxy(Nginx):
    """nginx with the chart's configuration, except for ports and folders."""

    def __init__(self, folder: Path) -> None:
        program = need("nginx")
        self.folder, self.port, self.port_of_site = folder, free_port(), free_port()
        self.static = folder / "static"
        (folder / "log").mkdir()
        self.static.mkdir()
        text = PROXY
        for old, new in {
            # First, because the folder of the test is there, too.
            " /tmp/": f" {folder}/",
            "listen 8080;": f"listen 127.0.0.1:{self.port};",
            "127.0.0.1:8000": f"127.0.0.1:{self.port_of_site}",
            "/dev/stdout": f"{folder}/log/undersigned.log",
            "/var/lib/undersigned-static/": f"{self.static}/",
            "worker_rlimit_nofile 20000;": "",
        }.items():
            assert old in text
            text = text.replace(old, new)
        configuration = folder / "nginx.conf"
        configuration.write_text(f"daemon off; master_process off;\n{text}", encoding="utf-8")
        self.process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
        until(lambda: self.process.poll() is None and self.ask("GET /static/nothing HTTP/1.0\r\n\r\n"), 30)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy(open_folder())
    yield proxy
    proxy.stop()


def test_the_proxy_logs_no_token_while_the_site_is_unavailable(proxy: Proxy) -> None:
    for path in (f"/signatures/confirm/{TOKEN}/", f"/organize/invitations/{TOKEN}/", f"/letters/x/?token={TOKEN}"):
        assert proxy.status(path, f"Referer: https://x.org{path}") == 502
    until(lambda: proxy.logs().count(" 502 ") == 3)
    assert TOKEN[:20] not in proxy.logs()
    assert "127.0.0.1" not in proxy.logs()


def test_the_proxy_keeps_monitoring_inside_and_serves_static_files(proxy: Proxy) -> None:
    assert [proxy.status(path) for path in ("/metrics", "/readyz", "/static/gone.css")] == [404, 404, 404]
    (proxy.static / "page.0123456789ab.css").write_text("body { color: black }", encoding="utf-8")
    answer = proxy.ask("GET /static/page.0123456789ab.css HTTP/1.0\r\n\r\n")
    assert "200 OK" in answer
    assert "max-age=315360000" in answer


def test_the_web_server_learns_who_asks_and_nobody_chooses_the_id_in_the_log(proxy: Proxy) -> None:
    seen: list[Any] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    sent = ("X-Request-ID: of-our-employee-7", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https")
    with HTTPServer(("127.0.0.1", proxy.port_of_site), Site) as site:
        threading.Thread(target=site.handle_request, daemon=True).start()
        assert proxy.status("/letters/night-trains/", *sent) == 204
    (headers,) = seen
    # The controller of the Ingress has said 192.0.2.1, so the second from the right is the reader: TRUSTED_PROXIES.
    assert headers["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1"
    assert VALUES["settings"]["TRUSTED_PROXIES"] == "2"
    assert (headers["X-Forwarded-Proto"], headers["Host"]) == ("https", "letters.example.org")
    assert headers["X-Request-ID"] != "of-our-employee-7"
