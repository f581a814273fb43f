"""`ruled` in the cluster, by the chart."""

import json
import shutil
import subprocess

from cluster import Refusal, eventually, total
from release import NAME, NAMESPACE, PARTS, Release


class ChartRelease(Release):
    # A ConfigMap takes its time to reach the pods.
    reloads_within, ready_within = 150, 180

    def __init__(self, cluster, folder, helm, image, values, count):
        super().__init__(cluster)
        self.helm = shutil.which(helm)
        if not self.helm:
            raise Refusal(f"there is no `{helm}`: install Helm, name it with --helm, or run with --local")
        self.folder, self.values, self.count = folder, values, count
        name, _, digest = image.partition("@")
        repository, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:
            repository, tag = name, ""
        self.image = {"repository": repository, "tag": tag, "digest": digest}
        self.own_image = repository

    def install(self, rules):
        self.cluster.create("/api/v1/namespaces", self.namespace_object())
        values = {
            "image": self.image, "replicas": self.count, "rules": {"files": rules},
            "scope": {"namespaceSelector": {"matchLabels": self.scope}},
        }
        path = self.folder / "values.json"
        path.write_text(json.dumps(values))
        done = self._helm("install", NAME, PARTS / "deploy/chart", "--values", path,
                          *(part for file in self.values for part in ("--values", file)))
        return None if done.returncode == 0 else done.stderr.strip()

    def _helm(self, *arguments):
        return subprocess.run(
            [self.helm, "--kube-context", self.cluster.context, "--namespace", NAMESPACE, *map(str, arguments)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def _pods(self, component):
        selector = f"app.kubernetes.io%2Finstance%3D{NAME},app.kubernetes.io%2Fcomponent%3D{component}"
        found = self.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector={selector}").body["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    @staticmethod
    def _is_ready(pod):
        conditions = pod.get("status", {}).get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    def manager_is_ready(self):
        found = self._pods("certs")
        return len(found) == 1 and self._is_ready(found[0])

    def replicas(self):
        return [each["metadata"]["name"] for each in self._pods("webhook")]

    def is_ready(self):
        found = self._pods("webhook")
        return len(found) == self.count and all(map(self._is_ready, found))

    def metrics(self):
        found = []
        for pod in self._pods("webhook"):
            # By number: the proxy of a pod knows no names of ports.
            ports = pod["spec"]["containers"][0]["ports"]
            port = next(each["containerPort"] for each in ports if each["name"] == "admin")
            name = pod["metadata"]["name"]
            found.append(self.cluster.get(f"/api/v1/namespaces/{NAMESPACE}/pods/http:{name}:{port}/proxy/metrics").text)
        return found

    def _scale(self, name, count):
        self.cluster.patch(
            f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}", {"spec": {"replicas": count}})

    def stop_manager(self):
        self._scale(f"{NAME}-certs", 0)
        eventually(60, lambda: not self._pods("certs"))

    def start_manager(self):
        self._scale(f"{NAME}-certs", 1)

    def remove_replica(self, gracefully):
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{self.replicas()[0]}"
        self.cluster.delete(path if gracefully else f"{path}?gracePeriodSeconds=0")
        eventually(self.ready_within, lambda: not self.is_ready())

    def follow(self, _):
        """Whether every replica issued itself another certificate since it started, but the one that is new."""
        again = [total(text, "ruled_leaf_issued_total") > 1 for text in self.metrics()]
        return again.count(False) <= 1

    def why(self):
        """What the pods are at, for a check that failed."""
        return self.cluster.run("get", "pods", "--namespace", NAMESPACE, "--output", "wide").stdout

    def logs(self):
        found = []
        for component in ("webhook", "certs"):
            for pod in self._pods(component):
                name = pod["metadata"]["name"]
                found.append((name, self.cluster.run("logs", "--namespace", NAMESPACE, name, "--tail", "200").stdout))
        return found

    def stop(self):
        pass
