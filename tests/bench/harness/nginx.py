"""nginx with mutual TLS and WebDAV: what people would otherwise put files with."""

import os
import shutil
import signal
import subprocess
import time

from .accounting import children
from .stack import Failed, reserve_port

CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {base}/nginx.pid;
error_log {base}/error.log warn;
events {{ worker_connections 65536; }}
http {{
    access_log off;
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    client_header_buffer_size 1k;
    client_body_temp_path {base}/temp;
    client_max_body_size 64m;
    client_body_buffer_size 16k;
    server {{
        listen 127.0.0.1:{port} ssl backlog=4096;
        ssl_protocols TLSv1.3;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        ssl_session_cache shared:bench:64m;
        ssl_session_tickets off;
        location = /small {{ return 204; }}
        location /files/ {{ alias {base}/files/; }}
        location /put/ {{ alias {base}/files/; dav_methods PUT; }}
    }}
}}
"""


class Nginx:
    """One worker on the stack's certificates; sessions in its cache, no tickets, as the relay has it by default."""

    def __init__(self, stack):
        self.base, self.port = os.path.join(stack.base, "nginx"), reserve_port()
        self.stack = stack

    @staticmethod
    def program():
        return shutil.which("nginx", path="/usr/sbin:/usr/bin")

    def __enter__(self):
        program = self.program()
        if not program:
            raise Failed("nginx is missing: deploy/install bench")
        os.makedirs(os.path.join(self.base, "files"))
        with open(os.path.join(self.base, "files", "10k"), "wb") as file:
            file.write(os.urandom(10000))
        # Root's nginx gives its workers to another user, who must get at the files.
        for folder in (self.base, os.path.join(self.base, "files")):
            os.chmod(folder, 0o777)
        os.chmod(os.path.join(self.base, "files", "10k"), 0o666)
        config = os.path.join(self.base, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(base=self.base, port=self.port, certificate=self.stack.settings_value("tls.certificate"),
                                     key=self.stack.settings_value("tls.key"), ca=self.stack.settings_value("tls.client_ca")))
        self.process = subprocess.Popen([program, "-c", config, "-e", os.path.join(self.base, "error.log")], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self.workers():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(os.path.join(self.base, "error.log"), encoding="utf-8") as file:
                    raise Failed("nginx did not start: " + file.read()[-500:])
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def workers(self):
        return children(self.process.pid)
