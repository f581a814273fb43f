"""`ruled` as processes on this machine, behind webhooks that call a URL.

Rights, rules and webhooks are those of deploy/manifests/ruled.yaml under another name. The processes have the tokens
of its ServiceAccounts, so that the cluster judges what they ask for. What a cluster does for pods is done here: a
Mount writes the ConfigMap as a kubelet does, and a Service spreads connections over the replicas that are ready.
"""

import base64
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from cluster import Refusal, eventually
from release import NAME, NAMESPACE, PARTS, Release


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def fetch(port, path):
    """The status and text of a page of health or metrics; 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


class Process:
    """One `ruled`, with its log in a file."""

    def __init__(self, name, folder, command):
        self.name, self.log = name, folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def line(self, message):
        for text in self.log.read_text(errors="replace").splitlines():
            if f'"{message}"' in text:
                try:
                    return json.loads(text)
                except ValueError:
                    pass
        return None

    def end(self, seconds=20):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()


class Replica(Process):
    is_ready = False

    def __init__(self, name, folder, command):
        super().__init__(name, folder, command + ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        self.port = self.admin = 0

    def look(self):
        """Learns the ports, and whether it is ready, as a readiness probe does."""
        if not self.admin:
            line = self.line("listening")
            if line is None:
                return
            self.port, self.admin = (int(line[key].rsplit(":", 1)[1]) for key in ("address", "admin"))
        self.is_ready = self.process.poll() is None and fetch(self.admin, "/readyz")[0] == 200


class Mount:
    """A folder that a ConfigMap is mounted at: each change is a new folder, and one link is swapped."""

    def __init__(self, folder):
        self.folder, self.data, self.number = folder, None, 0
        folder.mkdir()

    def write(self, data):
        if data == self.data:
            return
        self.number += 1
        fresh = self.folder / f"..{self.number}"
        fresh.mkdir()
        for name, text in data.items():
            (fresh / name).write_text(text)
        (self.folder / "..next").symlink_to(fresh.name)
        os.replace(self.folder / "..next", self.folder / "..data")
        for name in data:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")
        for link in self.folder.iterdir():
            if not link.name.startswith("..") and link.name not in data:
                link.unlink()
        self.data = data


class Service:
    """Gives each new connection to the next replica that is ready, byte for byte: TLS is the replica's."""

    def __init__(self, host, replicas):
        self.replicas, self.turn = replicas, 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.listener = socket.create_server((host, 0), family=family, backlog=256)
        except OSError:
            # A name or an address that leads here from elsewhere.
            self.listener = socket.create_server(("::" if ":" in host else "", 0), family=family, backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            ready = [replica for replica in self.replicas if replica.is_ready]
            if not ready:
                client.close()
                continue
            self.turn += 1
            try:
                server = socket.create_connection(("127.0.0.1", ready[self.turn % len(ready)].port), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for side in (one, other):
            try:
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        one.close()

    def close(self):
        self.listener.close()


class LocalRelease(Release):
    reloads_within, ready_within = 15, 40
    own_image = "registry.e2e.example/ruled"

    def __init__(self, cluster, folder, ruled, host, count):
        super().__init__(cluster)
        self.folder, self.ruled, self.host, self.count = folder, ruled, host, count
        self.processes, self.running, self.manager, self.started = [], [], None, 0
        self.service = None
        self.stops = threading.Event()

    # MARK: Installing

    def install(self, rules):
        self._connection()
        self.mount = Mount(self.folder / "rules")
        self.service = Service(self.host, self.running)
        self.cluster.create("/api/v1/namespaces", self.namespace_object())
        for item in self._objects():
            if item["kind"] == "ConfigMap":
                item["data"] = rules
            answer = self.cluster.create(self._collection(item), item)
            if not answer.is_good:
                return f"{item['kind']} {item['metadata']['name']}: {answer.message}"
        threading.Thread(target=self._kubelet, daemon=True).start()
        self.start_manager()
        for _ in range(self.count):
            self._start_replica()
        return None

    def _connection(self):
        address = self.cluster.address
        for key, words in (("insecure-skip-tls-verify", "does not verify the API server"),
                           ("proxy-url", "goes through a proxy"), ("tls-server-name", "renames the API server")):
            if address.get(key):
                raise Refusal(f"--local does not do with a kubeconfig that {words} (`{key}`)")
        self.connection = ["--api-server", address["server"]]
        if address.get("certificate-authority-data"):
            path = self.folder / "api-ca.crt"
            path.write_bytes(base64.b64decode(address["certificate-authority-data"]))
            self.connection += ["--api-ca", path]

    def _objects(self):
        """What deploy/manifests has, but for what runs in the cluster, renamed."""
        done = self.cluster.run(
            "create", "--dry-run=client", "--output", "json", "--filename",
            PARTS / "deploy/manifests/ruled.yaml")
        if done.returncode != 0:
            raise Refusal(f"kubectl does not read deploy/manifests/ruled.yaml\n  {done.stderr.strip()}")
        # kubectl prints one List, or one object after the other.
        items, decoder, rest = [], json.JSONDecoder(), done.stdout.strip()
        while rest:
            found, end = decoder.raw_decode(rest)
            items += found.get("items", [found])
            rest = rest[end:].strip()
        wanted = {"ServiceAccount", "ConfigMap", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
                  "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
        for item in items:
            if item["kind"] in wanted:
                yield self._adapted(item)

    def _adapted(self, item):
        def renamed(value):
            if isinstance(value, dict):
                return {key: renamed(each) for key, each in value.items()}
            if isinstance(value, list):
                return [renamed(each) for each in value]
            return re.sub(r"(?<![\w.])ruled(?![\w.])", NAME, value) if isinstance(value, str) else value

        data = item.pop("data", None)
        item = renamed(item)
        if data is not None:
            item["data"] = data
        for webhook in item.get("webhooks", []):
            page = webhook["clientConfig"].pop("service")["path"]
            host = f"[{self.host}]" if ":" in self.host else self.host
            webhook["clientConfig"]["url"] = f"https://{host}:{self.service.port}{page}"
            if page == "/mutate":
                webhook["namespaceSelector"]["matchLabels"] = self.scope
        return item

    @staticmethod
    def _collection(item):
        group = "/api/v1" if item["apiVersion"] == "v1" else f"/apis/{item['apiVersion']}"
        namespace = item["metadata"].get("namespace")
        within = f"/namespaces/{namespace}" if namespace else ""
        return f"{group}{within}/{item['kind'].lower()}s"

    def _token(self, account):
        """A file with a token of a ServiceAccount, from TokenRequest, as a kubelet writes it."""
        answer = self.cluster.create(
            f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 10800}})
        path = self.folder / f"{account}.token"
        path.touch(mode=0o600)
        path.write_text(answer.body["status"]["token"])
        return path

    # MARK: What a cluster does for pods

    def _kubelet(self):
        while not self.stops.wait(0.2):
            try:
                found = self.cluster.get(self.rules_path)
                if found.is_good:
                    self.mount.write(found.body.get("data", {}))
                for replica in list(self.running):
                    replica.look()
            except (OSError, http.client.HTTPException):
                pass

    def _start_replica(self):
        self.started += 1
        command = [
            self.ruled, "serve", "--rules", self.mount.folder, "--tls", "kubernetes", "--ca-secret",
            f"{NAMESPACE}/{NAME}-ca", "--service-name", NAME, "--tls-name", self.host, "--namespace-labels", "auto",
            "--self-image", self.own_image, "--drain", "2", "--log-format", "json", "--token-file", self._token(NAME),
        ]
        replica = Replica(f"serve-{self.started}", self.folder, command + self.connection)
        self.processes.append(replica)
        self.running.append(replica)
        return replica

    def start_manager(self):
        self.manager_port = free_port()
        self.manager = Process(f"manage-{self.manager_port}", self.folder, [
            self.ruled, "certs", "manage", "--namespace", NAMESPACE, "--ca-secret", f"{NAME}-ca", "--service-name",
            NAME, "--dns-name", self.host, "--mutating-webhook", NAME, "--validating-webhook", NAME, "--log-format",
            "json", "--admin-listen", f"127.0.0.1:{self.manager_port}", "--token-file", self._token(f"{NAME}-certs"),
            *self.connection,
        ])
        self.processes.append(self.manager)

    def stop_manager(self):
        self.manager.end()

    def manager_is_ready(self):
        return fetch(self.manager_port, "/readyz")[0] == 200

    def replicas(self):
        return list(self.running)

    def is_ready(self):
        return len(self.running) == self.count and all(replica.is_ready for replica in self.running)

    def metrics(self):
        return [fetch(replica.admin, "/metrics")[1] for replica in self.running]

    def remove_replica(self, gracefully):
        """Takes one away, and starts another as a Deployment would."""
        victim = next(replica for replica in self.running if replica.is_ready)
        if gracefully:
            # Its successor first, as in a rolling update.
            successor = self._start_replica()
            eventually(30, lambda: successor.is_ready)
            victim.process.terminate()
            time.sleep(0.3)
            self.running.remove(victim)
            victim.end()
        else:
            victim.kill()
            # Until a probe or the node's status says so, the Service still names it.
            eventually(5, lambda: not victim.is_ready)
            self.running.remove(victim)
            self._start_replica()

    def why(self):
        """What the processes say, for a check that failed."""
        last = [f"{name}: {text.splitlines()[-1] if text else 'nothing'}" for name, text in self.logs()]
        return "\n".join(last)

    def leaf_is_trusted(self, replica, bundle):
        """Whether an API server that holds a bundle would talk to a replica."""
        context = ssl.create_default_context(cadata=bundle)
        with socket.create_connection(("127.0.0.1", replica.port), timeout=5) as plain:
            try:
                with context.wrap_socket(plain, server_hostname=self.host):
                    return True
            except ssl.SSLCertVerificationError:
                return False

    def follow(self, authority):
        """Whether every replica serves what this CA issued."""
        return all(self.leaf_is_trusted(replica, authority) for replica in self.running)

    # MARK: The end

    def stop(self):
        self.stops.set()
        if self.service:
            self.service.close()
        for process in self.processes:
            if process.process.poll() is None:
                process.process.terminate()
        for process in self.processes:
            process.end()

    def logs(self):
        return [(process.name, process.log.read_text(errors="replace")) for process in self.processes]
