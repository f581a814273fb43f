"""The script of `helm test`, against a stand-in for the API server."""

import copy
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import chart

SCRIPT = chart.CHART / "files/test.sh"
FROM = "docker.io/library/busybox:1.36"
TO = "m.example.com/library/busybox:1.36"


class API(http.server.BaseHTTPRequestHandler):
    """Answers as an API server does that creates pods, after some that it cannot create yet."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append((self.path, self.headers["Authorization"], copy.deepcopy(body)))
        if len(server.asked) <= server.refusals:
            answer, code = {"kind": "Status", "message": 'serviceaccount "default" not found'}, 403
        else:
            body["spec"]["containers"][0]["image"] = server.image
            body["metadata"]["managedFields"] = [{"fieldsV1": {"f:containers": {"f:image": {}}}}]
            answer, code = body, 201
        text = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


def run(image, to="", refusals=0):
    """What the script prints and exits with, and what it asked, if pods come back with an image."""
    if not shutil.which("curl"):
        raise RuntimeError("curl is needed")
    server = http.server.HTTPServer(("127.0.0.1", 0), API)
    server.image, server.refusals, server.asked = image, refusals, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with tempfile.TemporaryDirectory() as account:
            pathlib.Path(account, "token").write_text("secret")
            environment = {
                "PATH": os.environ["PATH"],
                "API": f"http://127.0.0.1:{server.server_port}",
                "ACCOUNT": account,
                "NAMESPACE": "ruled-test",
                "FROM": FROM,
                "TO": to,
                "PAUSE": "0",
            }
            done = subprocess.run(
                ["sh", "-eu", "-c", SCRIPT.read_text()], env=environment, capture_output=True, text=True
            )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    return done.returncode, done.stdout, server.asked


def rewritten():
    code, out, asked = run(TO, refusals=2)
    assert (code, out) == (0, f"ok {FROM} becomes {TO}\n"), out
    path, token, pod = asked[-1]
    assert len(asked) == 3 and path == "/api/v1/namespaces/ruled-test/pods?dryRun=All&pretty=false"
    assert token == "Bearer secret" and pod["spec"]["containers"][0]["image"] == FROM
    code, out, _ = run(TO, to=TO)
    assert code == 0, out


def not_rewritten():
    code, out, _ = run(FROM)
    assert code == 1 and "was not rewritten in ruled-test" in out, out


def otherwise():
    code, out, _ = run(TO, to=TO + "-alpine")
    assert code == 1 and f"became {TO}, not {TO}-alpine" in out, out


def refused():
    code, out, asked = run(TO, refusals=100)
    assert code == 1 and "did not create the pod" in out and "not found" in out, out
    assert len(asked) == 10


CHECKS = [
    ("a rewritten pod passes", rewritten),
    ("one that is not fails", not_rewritten),
    ("another image fails", otherwise),
    ("no pod fails, after some tries", refused),
]
