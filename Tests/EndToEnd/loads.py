"""Loads for a server that check_server.py started."""

import http.client
import pathlib
import shutil
import subprocess
import threading
import time

REVIEWS = pathlib.Path(__file__).parents[1] / "EngineTests/Fixtures/reviews"
BODY = REVIEWS / "create-every-kind-of-image.json"
# What clusters mostly ask: a pod of one image that is rewritten.
USUAL_BODY = REVIEWS / "create-job-pod.json"
JSON = {"Content-Type": "application/json"}


class Load:
    """Threads that post a review again and again, each on its connection, as an API server does: a connection is
    kept until an answer says `Connection: close`. Every request that was sent must be answered."""

    def __init__(self, server, clients=16, body=None):
        self.server, self.answered, self.failures, self.seconds = server, 0, [], []
        self.body = body or BODY.read_bytes()
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def run(self):
        connection = None
        while not self.stopping.is_set():
            if connection is None:
                connection = self.server.connect()
                try:
                    connection.connect()
                except OSError as error:
                    # Whoever is turned away before it sent anything has lost nothing, once the server is ending.
                    if not self.server_is_ending():
                        self.failures.append(f"connect: {error!r}")
                    return
            start = time.perf_counter()
            try:
                connection.request("POST", "/mutate?timeout=10s", self.body, JSON)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append(f"status {answer.status}")
                    return
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                return
            with self.lock:
                self.answered += 1
                self.seconds.append((start, time.perf_counter() - start))
            if answer.getheader("Connection") == "close":
                connection.close()
                connection = None

    ending = False

    def server_is_ending(self):
        return self.ending

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class PacedLoad:
    """Reviews at a fixed rate from a program beside the server: threads of this one would wait for each other."""

    def __init__(self, server, seconds, rate):
        self.times, self.process, self.own = server.folder / "times", None, None
        h2load, clients = shutil.which("h2load"), 8
        if h2load:
            self.process = subprocess.Popen(
                [h2load, "--h1", "-c", str(clients), "-t", "1", "--rps", str(rate // clients), "-D", str(seconds),
                 "--log-file", str(self.times), "-d", str(USUAL_BODY), "-H", "Content-Type: application/json",
                 f"https://127.0.0.1:{server.port}/mutate?timeout=10s"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        else:
            print("     h2load is not here (Debian: nghttp2-client): Python sends instead", flush=True)
            self.own = Load(server, clients=4)

    def end(self):
        """Each answer's begin, in seconds since 1970, and the seconds that it took; and what failed."""
        if self.own:
            self.own.stop()
            now = time.time() - time.perf_counter()
            return [(start + now, took) for start, took in self.own.seconds], self.own.failures[:5]
        output = self.process.communicate()[0]
        found = [line.split("\t") for line in self.times.read_text().splitlines()]
        answers = [(int(start) / 1e6, int(took) / 1e6) for start, status, took in found if status == "200"]
        return answers, [] if len(answers) == len(found) > 0 else [output]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] * 1000 if values else float("nan")
