"""Pods that are created again and again, as dry runs: admission sees them, and nothing stays."""

import http.client
import threading
import time

import pods


class Load:
    """Creates pods from a few threads until the block ends, and counts what came of them."""

    def __init__(self, cluster, namespace, image="nginx:1.27", threads=4):
        self.cluster, self.path, self.image = cluster, pods.path(namespace, dry=True), image
        self.rewritten, self.untouched, self.failures, self.seconds = 0, 0, [], []
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        body = pods.pod("load-", self.image)
        while not self._stop.is_set():
            start = time.monotonic()
            try:
                answer = self.cluster.create(self.path, body)
                found = pods.images(answer.body) if answer.is_good else None
                failure = None if answer.is_good else answer.message
            except (OSError, http.client.HTTPException) as error:
                found, failure = None, str(error)
            with self._lock:
                self.seconds.append(time.monotonic() - start)
                if failure:
                    self.failures.append(failure)
                elif found == [self.image]:
                    self.untouched += 1
                else:
                    self.rewritten += 1

    @property
    def count(self):
        return len(self.seconds)

    def words(self):
        times = sorted(self.seconds) or [0]
        return (
            f"{self.count} pods: {self.rewritten} rewritten, {self.untouched} untouched, {len(self.failures)} failed; "
            f"median {times[len(times) // 2] * 1000:.0f} ms, longest {times[-1] * 1000:.0f} ms")
