"""What there is of `ruled` in the cluster, however it got there."""

import base64
import pathlib

from cluster import eventually, total

PARTS = pathlib.Path(__file__).resolve().parents[3]
NAME = "ruled-e2e"
NAMESPACE = "ruled-e2e"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


class Release:
    # Namespaces without it are not looked at: nothing else in the cluster is touched.
    scope = {"ruled.dev/e2e": "true"}
    rules_path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}-rules"
    secret_path = f"/api/v1/namespaces/{NAMESPACE}/secrets/{NAME}-ca"
    mutating = f"{WEBHOOKS}/mutatingwebhookconfigurations/{NAME}"
    validating = f"{WEBHOOKS}/validatingwebhookconfigurations/{NAME}"

    def __init__(self, cluster):
        self.cluster = cluster

    def namespace_object(self, name=NAMESPACE, **labels):
        return {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {**self.scope, "pull-through-enabled": "true", **labels}},
        }

    def bundles(self):
        """The bundle of each webhook, PEM, by the webhook's name."""
        found = {}
        for path in (self.mutating, self.validating):
            for webhook in self.cluster.get(path).body["webhooks"]:
                text = webhook["clientConfig"].get("caBundle", "")
                found[webhook["name"]] = base64.b64decode(text).decode()
        return found

    def bundle(self):
        """What all webhooks hold; nothing where they differ."""
        found = set(self.bundles().values())
        return found.pop() if len(found) == 1 else ""

    def hashes(self):
        """The rule sets that replicas have live."""
        found = set()
        for text in self.metrics():
            found |= {line for line in text.splitlines() if line.startswith("ruled_rules_info{")} or {""}
        return found

    def sum_of(self, name, /, **labels):
        return sum(total(text, name, **labels) for text in self.metrics())

    def wait(self, seconds):
        """Whether manager and replicas become ready."""
        return eventually(seconds, lambda: self.manager_is_ready() and self.is_ready() and "BEGIN" in self.bundle())


def leftovers(cluster):
    """What another run left, or is at."""
    found = []
    for path in (Release.mutating, Release.validating):
        if cluster.get(path).is_good:
            found.append(path)
    for kind in ("clusterroles", "clusterrolebindings"):
        for name in (NAME, f"{NAME}-certs"):
            if cluster.get(f"{RBAC}/{kind}/{name}").is_good:
                found.append(f"{RBAC}/{kind}/{name}")
    spaces = cluster.get("/api/v1/namespaces?labelSelector=ruled.dev%2Fe2e%3Dtrue").body.get("items", [])
    return found + [f"/api/v1/namespaces/{space['metadata']['name']}" for space in spaces]


def clean(cluster):
    """Takes away all that a run makes, and waits for it; says what stays."""
    for path in leftovers(cluster):
        # The webhooks come first, so that nothing is asked that does not answer any more.
        cluster.delete(path)
    eventually(180, lambda: not leftovers(cluster), pause=1)
    return leftovers(cluster)
