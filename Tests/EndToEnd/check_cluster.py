"""Runs `ruled certs manage` and two replicas of `ruled serve` as processes, against a stand-in for the API server, and
`scripts/e2e` as far as it goes without a cluster.

    python3 Tests/EndToEnd/check_cluster.py PATH-OF-RULED

One line a check; the exit code is 1 where one failed. Everything is on loopback, and ends by itself.
"""

import base64
import http.client
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/ruled"
NAMESPACES = "/api/v1/namespaces"
SECRET = NAMESPACES + "/ruled/secrets/ruled-ca"


class Cluster:
    """The objects, by path, and the versions under which they are changed."""

    def __init__(self):
        self.lock, self.version, self.objects = threading.Lock(), 100, {}

    def put(self, path, value):
        self.version += 1
        value.setdefault("metadata", {})["resourceVersion"] = str(self.version)
        self.objects[path] = value

    def patch(self, path, patch):
        found = self.objects.get(path)
        if found is None:
            self.put(path, patch)
            return 201, patch
        wanted = patch.get("metadata", {}).get("resourceVersion")
        if wanted and wanted != found["metadata"]["resourceVersion"]:
            return 409, {"message": "the object has been modified"}
        for key, value in (patch.get("data") or {}).items():
            found["data"].pop(key, None)
            if value is not None:
                found["data"][key] = value
        for change in patch.get("webhooks") or []:
            for webhook in found["webhooks"]:
                if webhook["name"] == change["name"]:
                    webhook["clientConfig"].update(change["clientConfig"])
        self.put(path, found)
        return 200, found


def api_server(cluster):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def answer(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def watch(self):
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    event = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(cluster.version)}}}
                    line = json.dumps(event).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                    time.sleep(0.5)
            except OSError:
                self.close_connection = True

        def do_GET(self):
            path, _, query = self.path.partition("?")
            with cluster.lock:
                found = cluster.objects.get(path)
                items = [
                    value for name, value in cluster.objects.items()
                    if name.startswith(NAMESPACES + "/") and "/secrets/" not in name
                ]
                page = {"metadata": {"resourceVersion": str(cluster.version)}, "items": items}
            if path == NAMESPACES:
                return self.watch() if "watch=1" in query else self.answer(200, page)
            return self.answer(200, found) if found else self.answer(404, {"message": f"{path} not found"})

        def do_PATCH(self):
            patch = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with cluster.lock:
                status, value = cluster.patch(self.path.partition("?")[0], patch)
            self.answer(status, value)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""


def review(port, bundle, namespace):
    """What a replica answers to an API server that trusts a bundle."""
    context = ssl.create_default_context(cadata=bundle)
    body = json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": namespace,
            "operation": "CREATE",
            "object": {
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                "spec": {"containers": [{"name": "c", "image": "nginx"}]},
            },
        },
    })
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="ruled.ruled.svc") as secure:
            connection = http.client.HTTPConnection("ruled.ruled.svc")
            connection.sock = secure
            connection.request("POST", "/mutate?timeout=5s", body, {"content-type": "application/json"})
            return json.loads(connection.getresponse().read())["response"]


def within(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except (OSError, KeyError):
            pass
        time.sleep(0.1)
    return False


def script(check, ruled):
    """`scripts/e2e`, which needs a cluster for the rest: it says how it is used, and refuses before it touches one."""
    folder = Path(tempfile.mkdtemp(prefix="ruled-e2e-"))
    calls, kubectl = folder / "calls", folder / "kubectl"
    cluster = {"clusters": [{"cluster": {"server": "https://cluster.example"}}]}
    kubectl.write_text(f"""#!/bin/sh
echo "$*" >>{calls}
case "$*" in
*current-context) echo there ;;
*" version "*) [ -e {folder}/up ] && echo '{{"serverVersion": {{"gitVersion": "v1.36.0"}}}}' || exit 1 ;;
*" config view "*) echo '{json.dumps(cluster)}' ;;
*) exit 1 ;;
esac
""")
    kubectl.chmod(0o755)

    def run(*arguments):
        return subprocess.run(
            [ROOT / "scripts/e2e", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    done = run("--help")
    check("scripts/e2e --help says how it is used", done.returncode == 0 and "exit codes" in done.stdout)
    check("without saying how, it ends with 2", run().returncode == 2)
    local = ["--local", "--ruled", ruled, "--kubectl", kubectl]
    done = run("--local", "--ruled", ruled, "--kubectl", folder / "none")
    check("without kubectl too", done.returncode == 2 and "install kubectl" in done.stderr)
    done = run(*local)
    check("and where no cluster answers", done.returncode == 2 and "no cluster answers in the context `there`" in
          done.stderr)
    (folder / "up").touch()
    done = run(*local)
    check("it says which cluster it is, and does nothing unless it is told to", done.returncode == 2
          and "`there`" in done.stdout and "give --yes" in done.stderr and "proxy" not in calls.read_text())
    done = subprocess.run([ruled, "validate", ROOT / "Tests/EndToEnd/e2e/rules", "--fail-on", "warning"])
    check("its rules are valid", done.returncode == 0)


def main():
    ruled, failed = sys.argv[1], []

    def check(name, holds):
        print(f"{'ok  ' if holds else 'FAIL'} {name}", flush=True)
        if not holds:
            failed.append(name)

    script(check, ruled)
    cluster = Cluster()
    cluster.put(WEBHOOKS, {
        "metadata": {"name": "ruled"},
        "webhooks": [
            {"name": "pods.ruled.dev", "clientConfig": {"service": {"namespace": "ruled", "name": "ruled"}}},
            {"name": "other.example.com", "clientConfig": {"url": "https://other.example.com"}},
        ],
    })
    cluster.put(NAMESPACES + "/shop", {"metadata": {"name": "shop", "labels": {"pull-through-enabled": "true"}}})
    server = api_server(cluster)
    api = ["--api-server", f"http://127.0.0.1:{server.server_address[1]}"]

    def bundle():
        with cluster.lock:
            text = cluster.objects[WEBHOOKS]["webhooks"][0]["clientConfig"].get("caBundle", "")
        return base64.b64decode(text).decode()

    admin = free_port()
    folder = Path(tempfile.mkdtemp(prefix="ruled-cluster-"))
    processes, replicas = [], []

    def start(name, *arguments):
        process = subprocess.Popen([ruled, *arguments, *api], stderr=open(folder / name, "w"))
        processes.append(process)
        return process

    try:
        for number in range(2):
            port, health = free_port(), free_port()
            start(
                f"serve{number}.log", "serve", "--rules", str(ROOT / "rules"), "--tls", "kubernetes", "--ca-secret",
                "ruled/ruled-ca", "--service-name", "ruled", "--listen", f"127.0.0.1:{port}", "--admin-listen",
                f"127.0.0.1:{health}", "--drain", "0")
            replicas.append((port, health))
        start(
            "manage.log", "certs", "manage", "--namespace", "ruled", "--ca-secret", "ruled-ca", "--service-name",
            "ruled", "--mutating-webhook", "ruled", "--admin-listen", f"127.0.0.1:{admin}")
        check("the manager becomes ready", within(20, lambda: get(admin, "/readyz")[0] == 200))
        check("the replicas become ready", within(20, lambda: all(get(h, "/readyz")[0] == 200 for _, h in replicas)))
        check("each is trusted, and rewrites", within(10, lambda: all(
            "patch" in review(port, bundle(), "shop") for port, _ in replicas)))
        with cluster.lock:
            cluster.put(NAMESPACES + "/new", {"metadata": {"name": "new", "labels": {"pull-through-enabled": "true"}}})
        check("a namespace that is a moment old is known", "patch" in review(replicas[0][0], bundle(), "new"))
        check("one that is not there is left alone", "patch" not in review(replicas[0][0], bundle(), "none"))
        with cluster.lock:
            cluster.objects[WEBHOOKS]["webhooks"][0]["clientConfig"]["caBundle"] = ""
            cluster.put(WEBHOOKS, cluster.objects[WEBHOOKS])
        check("a bundle that is wiped is healed within 10 s", within(10, lambda: "BEGIN" in bundle()))
        with cluster.lock:
            kept = cluster.objects.pop(SECRET)["data"]
        check("a Secret that is deleted comes back", within(10, lambda: cluster.objects[SECRET]["data"] == kept))
        check("the webhook of another is not touched", "caBundle" not in
              cluster.objects[WEBHOOKS]["webhooks"][1]["clientConfig"])
        trusted = bundle()
        server.shutdown()
        server.server_close()
        time.sleep(2)
        check("without the API server reviews are answered", all(
            "patch" in review(port, trusted, "shop") for port, _ in replicas))
        check("and the replicas stay ready", all(get(h, "/readyz")[0] == 200 for _, h in replicas))
        for process in processes:
            process.terminate()
        check("all end with 0", all(process.wait(20) == 0 for process in processes))
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
        if failed:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
