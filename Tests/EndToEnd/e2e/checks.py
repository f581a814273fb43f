"""What is checked, in the order in which it is."""

import base64
import json
import pathlib
import time
import traceback

import pods
from cluster import eventually
from load import Load
from release import NAME, NAMESPACE

RULES = (pathlib.Path(__file__).parent / "rules/e2e.rules").read_text()
FIRST, SECOND = "first.e2e.example", "second.e2e.example"
PODS, OFF, PLAIN = "ruled-e2e-pods", "ruled-e2e-off", "ruled-e2e-plain"
MIRROR_POD = "kubernetes.io/config.mirror"
REMEMBERED = "ruled.dev/bypassed"


def rules(mirror=FIRST, more=""):
    return {"e2e.rules": RULES.replace(FIRST, mirror) + more}


class Checks:
    def __init__(self, cluster, release, report, is_slow):
        self.cluster, self.release, self.report, self.is_slow = cluster, release, report, is_slow

    def run(self):
        self.errors_before = self._match_condition_errors()
        if not self.installation():
            return
        self.rights()
        self.open_before = self._failed_open()
        for check in (
            self.pods_of_each_kind, self.what_is_left_alone, self.updates, self.labels_of_namespaces, self.edits,
            self.certificates, self.replaced_replicas, self.metrics, self.a_killed_replica,
        ):
            start = time.monotonic()
            self.report.section(check.__doc__.splitlines()[0].rstrip("."))
            try:
                check()
            except Exception:
                # The others are checked all the same.
                self.report.holds("the check itself", False, traceback.format_exc())
            self.report.note(f"{time.monotonic() - start:.0f} s")

    # MARK: Helpers

    def _match_condition_errors(self):
        return self.cluster.metric("apiserver_admission_match_condition_evaluation_errors_total")

    def _failed_open(self):
        return self.cluster.metric("apiserver_admission_webhook_fail_open_count", name="pods.ruled.dev")

    def _image(self, namespace=PODS, image="nginx:1.27", **more):
        """What becomes of a pod's image, in a dry run."""
        answer = self.cluster.create(pods.path(namespace, dry=True), pods.pod("try-", image, **more))
        return pods.images(answer.body)

    def _create(self, namespace, body):
        return self.cluster.create(pods.path(namespace), body)

    def _namespace(self, name, **labels):
        """A namespace that can take pods at once: its ServiceAccount comes with it."""
        self.cluster.create("/api/v1/namespaces", self.release.namespace_object(name, **labels))
        self.cluster.create(
            f"/api/v1/namespaces/{name}/serviceaccounts",
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})

    def _apply(self, data, labels=None):
        """An edit of the rules, as people make it."""
        body = {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": f"{NAME}-rules", "namespace": NAMESPACE, "labels": labels or {}}, "data": data,
        }
        return self.cluster.run(
            "apply", "--server-side", "--force-conflicts", "--field-manager", NAME, "--filename", "-",
            text=json.dumps(body))

    def _edit(self, data):
        """An edit, and whether all replicas took it up in time."""
        before = self.release.hashes()
        done = self._apply(data)
        return done, done.returncode == 0 and self._changed(before)

    def _changed(self, before):
        """Whether all replicas took up one and the same rule set, after others."""
        return eventually(self.release.reloads_within, lambda: len(now := self.release.hashes()) == 1
                          and now != before and "" not in now)

    # MARK: Checks

    def installation(self):
        self.report.section("Installing, all at once")
        start = time.monotonic()
        problem = self.release.install(rules())
        if not self.report.holds("the cluster takes every object", problem is None, problem):
            return False
        if not self.report.holds(
            "the manager and the replicas become ready", self.release.wait(self.release.ready_within),
            lambda: self.release.why()):
            return False
        self.report.note(f"{time.monotonic() - start:.1f} s")
        for name, labels in ((PODS, {}), (OFF, {"image-rewrite": "off"}), (PLAIN, {"pull-through-enabled": "false"})):
            self._namespace(name, **labels)
        bundles = self.release.bundles()
        self.report.equal(
            "there is one CA, and every webhook holds it",
            (len(set(bundles.values())), self.release.bundle().count("BEGIN CERTIFICATE")), (1, 1))
        if hasattr(self.release, "leaf_is_trusted"):
            trusted = [self.release.leaf_is_trusted(each, self.release.bundle()) for each in self.release.replicas()]
            self.report.equal("with it every replica is trusted", trusted, [True] * len(trusted))
        # API servers hear of webhooks and bundles a moment later.
        reached = eventually(30, lambda: self._image() == [f"{FIRST}/hub/library/nginx:1.27"])
        return self.report.holds(
            "the API server reaches the webhook", reached,
            lambda: f"{self._image()}\nit calls the address of --webhook-host, or the Service; is there a firewall?")

    def rights(self):
        self.report.section("Rights, as the cluster judges them")
        account = f"system:serviceaccount:{NAMESPACE}:{NAME}"
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"]

        def may(user, verb, resource, name="", namespace="", group=""):
            review = {
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {"user": user, "groups": groups, "resourceAttributes": {
                    "verb": verb, "resource": resource, "name": name, "namespace": namespace, "group": group}},
            }
            answer = self.cluster.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
            return answer.body["status"].get("allowed", False)

        webhooks = ("mutatingwebhookconfigurations", NAME, "", "admissionregistration.k8s.io")
        secret = ("secrets", f"{NAME}-ca", NAMESPACE)
        table = {
            "a replica": (account, [("get", *secret), ("list", "namespaces"), ("watch", "namespaces")], [
                ("patch", *secret), ("list", "secrets", "", NAMESPACE), ("get", "secrets", "other", NAMESPACE),
                ("patch", *webhooks), ("get", *webhooks), ("patch", "namespaces", PODS), ("create", "pods", "", PODS),
                ("get", "configmaps", f"{NAME}-rules", NAMESPACE),
            ]),
            "the manager": (f"{account}-certs", [
                ("get", *secret), ("create", *secret), ("patch", *secret), ("get", *webhooks), ("patch", *webhooks)], [
                ("get", "secrets", "other", NAMESPACE), ("list", "secrets", "", NAMESPACE), ("delete", *secret),
                ("patch", webhooks[0], "other", "", webhooks[3]), ("create", webhooks[0], "", "", webhooks[3]),
                ("delete", *webhooks), ("list", "namespaces"),
            ]),
        }
        for who, (user, allowed, refused) in table.items():
            lacking = [each for each in allowed if not may(user, *each)]
            beyond = [each for each in refused if may(user, *each)]
            self.report.equal(f"{who} may do what it does, and nothing near it", (lacking, beyond), ([], []))

    def pods_of_each_kind(self):
        """Pods of each kind."""
        equal, cluster = self.report.equal, self.cluster
        answer = self._create(PODS, pods.pod("plain", "nginx:1.27"))
        equal("a pod without annotations", pods.images(answer.body), [f"{FIRST}/hub/library/nginx:1.27"])
        equal("is marked", answer.body["metadata"].get("annotations"), {"e2e.example/rewritten": "yes"})
        stored = cluster.get(pods.path(PODS, "plain"))
        equal("and is stored so", pods.images(stored.body), [f"{FIRST}/hub/library/nginx:1.27"])
        digest = "sha256:" + "ab" * 32
        answer = self._create(PODS, pods.pod(
            "several", "bitnami/redis:7", containers=[
                pods.container("bitnami/redis:7", "one"), pods.container(f"quay.io/a/b:1@{digest}", "two"),
                pods.container("gcr.io/a/b:1", "three")],
            initContainers=[pods.container("busybox", "first")], annotations={"a": "b"}))
        equal("several containers, one of which no rule names", pods.images(answer.body),
              [f"{FIRST}/hub/bitnami/redis:7", f"{FIRST}/quay/a/b:1@{digest}", "gcr.io/a/b:1"])
        equal("init containers", pods.images(answer.body, "initContainers"), [f"{FIRST}/hub/library/busybox"])
        equal("annotations that it had stay", answer.body["metadata"].get("annotations"),
              {"a": "b", "e2e.example/rewritten": "yes"})
        answer = self._create(PODS, pods.pod("generated-", "nginx"))
        equal("a pod with generateName", pods.images(answer.body), [f"{FIRST}/hub/library/nginx"])
        self._image_volume()
        self._ephemeral_container()
        self._deployment()
        answer = cluster.create(pods.path(PODS, dry=True), pods.pod("dry", "nginx"))
        equal("a dry run", (pods.images(answer.body), cluster.get(pods.path(PODS, "dry")).status),
              ([f"{FIRST}/hub/library/nginx"], 404))

    def _image_volume(self):
        volume = {"name": "data", "image": {"reference": "quay.io/a/data:1", "pullPolicy": "IfNotPresent"}}
        answer = self._create(PODS, pods.pod("volume", "nginx", volumes=[volume]))
        found = [each.get("image") for each in answer.body.get("spec", {}).get("volumes", [])]
        if found[:1] in ([], [None]):
            return self.report.skip("an image volume", "this cluster has none")
        self.report.equal("an image volume", found[0]["reference"], f"{FIRST}/quay/a/data:1")

    def _ephemeral_container(self):
        body = {"spec": {"ephemeralContainers": [{**pods.container("busybox:1.36", "debug")}]}}
        answer = self.cluster.patch(
            pods.path(PODS, "plain") + "/ephemeralcontainers", body, "application/strategic-merge-patch+json")
        self.report.equal(
            "an ephemeral container, as `kubectl debug` adds it", pods.images(answer.body, "ephemeralContainers"),
            [f"{FIRST}/hub/library/busybox:1.36"])
        body["spec"]["ephemeralContainers"] += [pods.container("direct.to/busybox:1.36", "direct")]
        answer = self.cluster.patch(
            pods.path(PODS, "plain") + "/ephemeralcontainers", body, "application/strategic-merge-patch+json")
        self.report.equal(
            "another, which asks for a bypass", pods.images(answer.body, "ephemeralContainers"),
            [f"{FIRST}/hub/library/busybox:1.36", "busybox:1.36"])

    def _deployment(self):
        labels = {"app": "owned"}
        body = {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "owned"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                     "template": {"metadata": {"labels": labels}, "spec": pods.spec("nginx:1.27")}},
        }
        path = f"/apis/apps/v1/namespaces/{PODS}/deployments"
        self.cluster.create(path, body)

        def owned():
            found = self.cluster.get(pods.path(PODS) + "?labelSelector=app%3Downed").body["items"]
            return [each["spec"]["containers"][0]["image"] for each in found]

        eventually(30, lambda: len(owned()) == 2)
        template = self.cluster.get(f"{path}/owned").body["spec"]["template"]["spec"]["containers"][0]["image"]
        self.report.equal("pods of a Deployment, whose template stays as it is", (owned(), template),
                          ([f"{FIRST}/hub/library/nginx:1.27"] * 2, "nginx:1.27"))

    def what_is_left_alone(self):
        """What is left alone, let through or refused."""
        equal = self.report.equal
        equal("a pod with the opt-out label", self._image(labels={"image-rewrite": "off"}), ["nginx:1.27"])
        equal("a namespace with the opt-out label", self._image(OFF), ["nginx:1.27"])
        equal("the webhook's own namespace", self._image(NAMESPACE), ["nginx:1.27"])
        equal("a namespace that the rules do not ask for", self._image(PLAIN), ["nginx:1.27"])
        equal("the webhook's own image", self._image(image=f"{self.release.own_image}:other"),
              [f"{self.release.own_image}:other"])
        answer = self._create(PODS, pods.pod("bypassed", "direct.to/nginx:1.27"))
        equal("a bypass takes its prefix off and is remembered",
              (pods.images(answer.body), answer.body.get("metadata", {}).get("annotations", {}).get(REMEMBERED)),
              (["nginx:1.27"], "container/main=nginx:1.27"))
        answer = self.cluster.patch(pods.path(PODS, "bypassed"), {"metadata": {"labels": {"later": "yes"}}})
        equal("also when the pod is changed", pods.images(answer.body), ["nginx:1.27"])
        # A mirror pod names a node; nobody has this one.
        mirror = pods.pod("mirror", "nginx:1.27", annotations={MIRROR_POD: "0"}, nodeName="ruled-e2e-no-such-node")
        equal("a mirror pod", pods.images(self.cluster.create(pods.path(PODS, dry=True), mirror).body), ["nginx:1.27"])
        answer = self.cluster.create(pods.path(PODS, dry=True), pods.pod("denied", "denied.e2e.example/a:1"))
        self.report.holds(
            "what a rule denies is refused in its words", answer.status == 403 and "e2e denies it" in answer.message,
            answer.message)

    def updates(self):
        """Pods that are changed."""
        equal, cluster = self.report.equal, self.cluster
        self._create(OFF, pods.pod("running", "nginx:1.27"))
        cluster.patch(f"/api/v1/namespaces/{OFF}", {"metadata": {"labels": {"image-rewrite": None}}})
        # The API server's own view of namespaces is a moment behind.
        seen = eventually(20, lambda: self._image(OFF) == [f"{FIRST}/hub/library/nginx:1.27"])
        self.report.holds("a namespace that opts in again is looked at", seen, lambda: self._image(OFF))
        answer = cluster.patch(pods.path(OFF, "running"), {"metadata": {"labels": {"later": "yes"}}})
        equal("a pod that ran before keeps its image when it gets a label", pods.images(answer.body), ["nginx:1.27"])
        change = {"spec": {"containers": [{"name": "main", "image": "nginx:1.28"}]}}
        answer = cluster.patch(pods.path(OFF, "running"), change, "application/strategic-merge-patch+json")
        equal("and gets the mirror's when its image changes", pods.images(answer.body),
              [f"{FIRST}/hub/library/nginx:1.28"])

    def labels_of_namespaces(self):
        """Labels of namespaces."""
        wanted = [f"{FIRST}/hub/library/nginx:1.27"]
        before, count, late = self.release.sum_of("ruled_namespace_lookups_total"), 20, []
        for number in range(count):
            self._namespace(f"ruled-e2e-new-{number}")
            found = self._image(f"ruled-e2e-new-{number}")
            if found != wanted:
                late.append((number, found))
        self.report.equal(f"a namespace and at once its first pod, {count} times", late, [])
        self.report.note(
            f"{self.release.sum_of('ruled_namespace_lookups_total') - before:.0f} asked for, the watch had the others")
        for number in range(count):
            self.cluster.delete(f"/api/v1/namespaces/ruled-e2e-new-{number}")
        for value, image in (("true", wanted), ("false", ["nginx:1.27"])):
            start = time.monotonic()
            self.cluster.patch(
                f"/api/v1/namespaces/{PLAIN}", {"metadata": {"labels": {"pull-through-enabled": value}}})
            seen = eventually(10, lambda: self._image(PLAIN) == image, pause=0.02)
            self.report.holds(f"a label that becomes {value} later is seen", seen, lambda: self._image(PLAIN))
            self.report.note(f"{time.monotonic() - start:.2f} s")

    def edits(self):
        """Edits of the rules."""
        report = self.report
        start = time.monotonic()
        done, is_live = self._edit(rules(SECOND))
        if report.holds("an edit is taken up by every replica", is_live, lambda: f"{done.stderr}{self.release.why()}"):
            report.note(f"{time.monotonic() - start:.1f} s")
            report.equal("and decides", self._image(), [f"{SECOND}/hub/library/nginx:1.27"])
        done = self._apply(rules(SECOND, "rul broken {\n}\n"))
        report.holds("one that is not valid is refused", done.returncode != 0, done.stdout)
        shown, parts = done.stderr, ("error[E0204]", "e2e.rules:", "| ^^^", "help:")
        report.holds("with what is wrong, where, and the fix, line by line",
                     all(part in shown for part in parts) and "\\n" not in shown, shown)
        for line in shown.splitlines():
            report.note(line)
        done, is_live = self._edit(rules(SECOND).copy() | {"more.rules": (
            'language 1\n\nrule one-registry {\n    deny "other.e2e.example/*" because "no"\n}\n')})
        report.holds("one that is doubtful is taken", is_live, done.stderr)
        report.holds("with a warning that says where", "Warning: more.rules:" in done.stderr, done.stderr)
        # Without the label nobody is asked about an edit, from the one after this on.
        before = self.release.hashes()
        path = self.release.rules_path
        self.cluster.patch(path, {"metadata": {"labels": {"ruled.dev/rules": None}}})
        broken = self.cluster.patch(path, {"data": {"more.rules": "rul broken {\n}\n"}})
        report.holds("one that is forced past the check is stored", broken.is_good, broken.message)
        refused = eventually(self.release.reloads_within, lambda: self.release.metrics() and all(
            'ruled_last_reload_successful{what="rules"} 0' in text for text in self.release.metrics()))
        report.holds("every replica refuses it", refused, self.release.why)
        report.equal("and keeps the last good rules", (self._image(), self.release.hashes()),
                     ([f"{SECOND}/hub/library/nginx:1.27"], before))
        mended = self.cluster.patch(
            path, {"data": {"more.rules": None, **rules()}, "metadata": {"labels": {"ruled.dev/rules": "true"}}})
        report.holds("good rules are taken up again", mended.is_good and self._changed(before), mended.message)
        report.equal("and decide", self._image(), [f"{FIRST}/hub/library/nginx:1.27"])

    def certificates(self):
        """Certificates."""
        report, release, cluster = self.report, self.release, self.cluster
        self._still_closed(self.open_before)
        right = release.bundle()
        other = {"webhooks": [{"name": "pods.ruled.dev", "clientConfig": {"caBundle": None}}]}
        kind = "application/strategic-merge-patch+json"
        start = time.monotonic()
        cluster.patch(release.mutating, other, kind)
        healed = eventually(10, lambda: release.bundle() == right)
        report.holds("a bundle that is wiped is back within 10 s", healed)
        report.note(f"{time.monotonic() - start:.1f} s")
        held = cluster.get(release.secret_path).body["data"]
        start = time.monotonic()
        cluster.delete(release.secret_path)
        back = eventually(10, lambda: cluster.get(release.secret_path).body["data"] == held)
        report.holds("a Secret that is deleted is back within 10 s, with what it held", back)
        report.note(f"{time.monotonic() - start:.1f} s")
        # Pods may have passed while the bundle was wiped.
        eventually(10, lambda: self._image() == [f"{FIRST}/hub/library/nginx:1.27"])
        opened = self._failed_open()
        with Load(cluster, PODS) as load:
            release.stop_manager()
            cluster.delete(release.secret_path)
            release.start_manager()
            renewed = eventually(release.ready_within, lambda: cluster.get(
                release.secret_path).body["data"]["tls.crt"] != held["tls.crt"])
            both = eventually(30, lambda: release.bundle().count("BEGIN CERTIFICATE") == 2)
            release.remove_replica(gracefully=True)
            eventually(release.ready_within, release.is_ready)
            if self.is_slow:
                # Replicas that run keep what they serve for five minutes, as that CA came from nowhere.
                followed = eventually(400, lambda: release.follow(self._new_ca()), pause=5)
                report.holds("the others follow it", followed, release.why)
        report.holds("without Secret and manager a new manager makes a new CA", renewed, release.why)
        report.holds("both CAs are in the bundle", both, release.why)
        if hasattr(release, "leaf_is_trusted"):
            trusted = [release.leaf_is_trusted(each, release.bundle()) for each in release.replicas()]
            report.equal("every replica is trusted", trusted, [True] * len(trusted))
            is_new = release.leaf_is_trusted(release.replicas()[-1], self._new_ca())
            report.holds("one that is new by the new CA", is_new)
        report.equal("pods were rewritten all the while", (load.untouched, load.failures[:3]), (0, []))
        report.note(load.words())
        self._still_closed(opened)

    def _new_ca(self):
        """The CA that issues, PEM."""
        data = self.cluster.get(self.release.secret_path).body["data"]
        return base64.b64decode(data["tls.crt"]).decode()

    def _still_closed(self, before):
        now = self._failed_open()
        if None in (before, now):
            return self.report.skip("no review failed", "this user may not read the API server's metrics")
        self.report.equal("no review failed (apiserver_admission_webhook_fail_open_count)", now, before)

    def replaced_replicas(self):
        """A replica that is replaced under load."""
        opened = self._failed_open()
        with Load(self.cluster, PODS) as load:
            time.sleep(1)
            self.release.remove_replica(gracefully=True)
            back = eventually(self.release.ready_within, self.release.is_ready)
            time.sleep(1)
        self.report.holds("its successor becomes ready", back, self.release.why)
        self.report.equal("every pod was rewritten", (load.untouched, load.failures[:3]), (0, []))
        self.report.note(load.words())
        self._still_closed(opened)

    def metrics(self):
        """Metrics."""
        reviews = self.release.sum_of("ruled_reviews_total")
        self.report.holds("replicas count reviews", reviews > 0)
        self.report.equal("none lacked the labels of its namespace, and none could not be read", [
            self.release.sum_of("ruled_reviews_total", outcome=outcome)
            for outcome in ("unknown-namespace", "unreadable", "no-rules")], [0, 0, 0])
        now = self._match_condition_errors()
        what = "apiserver_admission_match_condition_evaluation_errors_total did not rise"
        if None in (now, self.errors_before):
            return self.report.skip(what, "this user may not read the API server's metrics")
        self.report.equal(what, now, self.errors_before)

    def a_killed_replica(self):
        """A replica that is killed under load."""
        with Load(self.cluster, PODS) as load:
            time.sleep(1)
            self.release.remove_replica(gracefully=False)
            back = eventually(self.release.ready_within, self.release.is_ready)
            time.sleep(1)
        self.report.equal("no pod is refused", load.failures[:3], [])
        self.report.holds("another takes its place", back, self.release.why)
        # Those whose review was on the wire pass as they are: failurePolicy is Ignore.
        self.report.holds("all but a few are rewritten", load.untouched <= max(20, load.count // 10), load.words())
        self.report.note(load.words())
