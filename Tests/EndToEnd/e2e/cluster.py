"""The cluster as the checks see it: kubectl for what people do, and its proxy for what is done often."""

import http.client
import json
import shutil
import socket
import subprocess
import time


class Refusal(Exception):
    """Why nothing can be checked, for the reader of a terminal; the exit code is 2."""


class Answer:
    """What the API server said."""

    def __init__(self, response):
        self.status = response.status
        text = response.read().decode(errors="replace")
        try:
            self.body = json.loads(text)
        except ValueError:
            self.body = {"message": text.strip()[:300]}
        self.text = text
        # RFC 9110's predecessor, 7234, section 5.5: code, agent, quoted text.
        self.warnings = [value for name, value in response.getheaders() if name.lower() == "warning"]

    @property
    def is_good(self):
        return 200 <= self.status < 300

    @property
    def message(self):
        return f"{self.status} {self.body.get('message', '')}".strip()


class _Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Cluster:
    """One context of a kubeconfig. The proxy listens on a socket in a folder that nobody else may enter."""

    def __init__(self, kubectl, context, folder):
        self.kubectl = shutil.which(kubectl)
        if not self.kubectl:
            raise Refusal(f"there is no `{kubectl}`: install kubectl, or name it with --kubectl")
        self.context = context or self._current_context()
        self.socket = str(folder / "proxy")
        self._proxy = None

    def _current_context(self):
        done = subprocess.run([self.kubectl, "config", "current-context"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Refusal(
                f"no cluster is chosen: set KUBECONFIG, or give --context\n  kubectl says: {done.stderr.strip()}")
        return done.stdout.strip()

    def run(self, *arguments, text=None):
        """Runs kubectl, with a text as its input."""
        return subprocess.run(
            [self.kubectl, "--context", self.context, *map(str, arguments)], input=text or "", capture_output=True,
            text=True)

    def identify(self):
        """Asks the API server who it is, and nothing else."""
        done = self.run("version", "--output", "json", "--request-timeout", "10s")
        version = json.loads(done.stdout or "{}").get("serverVersion")
        if not version:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise Refusal(f"no cluster answers in the context `{self.context}`\n  kubectl says: {said}")
        self.version = version["gitVersion"]
        done = self.run("config", "view", "--minify", "--raw", "--flatten", "--output", "json")
        self.address = json.loads(done.stdout)["clusters"][0]["cluster"]

    def connect(self):
        """Opens the way for requests."""
        self._proxy = subprocess.Popen(
            [self.kubectl, "--context", self.context, "proxy", "--unix-socket", self.socket],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        if not eventually(20, lambda: self.get("/version").is_good):
            raise Refusal("`kubectl proxy` does not answer")

    def close(self):
        if self._proxy:
            self._proxy.terminate()
            self._proxy.wait()

    def request(self, method, path, body=None, kind="application/json"):
        connection = _Connection(self.socket)
        headers = {"Content-Type": kind} if body is not None else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def create(self, path, body):
        return self.request("POST", path, body)

    def patch(self, path, body, kind="application/merge-patch+json"):
        return self.request("PATCH", path, body, kind)

    def delete(self, path, body=None):
        return self.request("DELETE", path, body)

    def metric(self, name, /, **labels):
        """The sum of a metric of the API server over what has these labels; None where it may not be read.

        Where there are several API servers it is the one's that happened to answer.
        """
        answer = self.get("/metrics")
        if not answer.is_good:
            return None
        return total(answer.text, name, **labels)


def total(text, name, /, **labels):
    """The sum of a metric in Prometheus' text format over what has these labels."""
    found, wanted = 0.0, [f'{key}="{value}"' for key, value in labels.items()]
    for line in text.splitlines():
        if line.startswith((name + "{", name + " ")) and all(each in line for each in wanted):
            found += float(line.rsplit(" ", 1)[1])
    return found


def eventually(seconds, condition, pause=0.2):
    """Whether something became true in time; what it raises for want of an answer counts as not yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return True
        except (OSError, http.client.HTTPException, LookupError, TypeError):
            pass
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
