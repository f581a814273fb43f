"""Runs `ruled serve` as a process and talks to it as its clients do: over TLS, in numbers, and rudely.

    python3 Tests/EndToEnd/check_server.py PATH-OF-RULED [--seconds N] [--patterns N] [--load] [--only WORD]

Holds that every recorded review is answered as `ruled review` answers it, to the byte, whoever asks; that
exchanging rules and certificate under load, and SIGTERM under load, lose no request; that signals and exit codes
are as documented; that 100 bodies of 16 MiB at once stay under 128 MiB. One line a check. Times are printed and
never judged. Python's standard library, curl and openssl; h2load and promtool where they are there.
"""

import argparse
import atexit
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from loads import Load, PacedLoad, percentile

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ROOT / "Tests/EngineTests/Fixtures/reviews"
SHARED = ROOT.parent / "shared/data/admission-reviews"
LABELS = "pull-through-enabled=true"
JSON = {"Content-Type": "application/json"}

options = None
checks = 0


def check(holds, what, detail=""):
    global checks
    if not holds:
        sys.exit(f"FAILED: {what}\n{detail}")
    checks += 1
    print(f"ok   {what}", flush=True)


def note(text):
    print(f"     {text}", flush=True)


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Server:
    """A server on free loopback ports, with a folder for its files."""

    def __init__(self, *arguments, tls=True, rules="rules", user=None, ruled=None, interval="0.05", drain="0"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ruled-e2e-"))
        os.chmod(self.folder, 0o755)
        self.rules = self.folder / "rules"
        shutil.copytree(ROOT / rules, self.rules, ignore=shutil.ignore_patterns("examples"))
        command = [ruled or options.ruled, "serve", "--rules", str(self.rules), "--namespace-labels", LABELS]
        command += ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json"]
        command += ["--reload-interval", interval, "--drain", drain]
        if tls:
            self.certificate("one")
            self.install("one")
            command += ["--tls-cert", str(self.folder / "tls.crt"), "--tls-key", str(self.folder / "tls.key")]
        else:
            command += ["--tls", "off"]
        self.log = self.folder / "log"
        self.started = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command + list(arguments), stderr=log, stdout=log, stdin=subprocess.DEVNULL, user=user)
        atexit.register(self.process.kill)
        check_listening = eventually(lambda: self.line("listening") or self.process.poll() is not None)
        self.listening = time.monotonic() - self.started
        line = self.line("listening")
        if not check_listening or not line:
            sys.exit(f"the server did not start:\n{self.log.read_text()}")
        self.port = int(line["address"].rsplit(":", 1)[1])
        self.admin = int(line["admin"].rsplit(":", 1)[1])

    def lines(self):
        found = []
        for text in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(text))
        return found

    def line(self, message):
        return next((line for line in self.lines() if line["message"] == message), None)

    def certificate(self, name, days=30):
        """A self-signed P-256 pair."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", str(days), "-keyout",
             str(self.folder / f"{name}.key"), "-out", str(self.folder / f"{name}.crt")],
            check=True, capture_output=True)
        os.chmod(self.folder / f"{name}.key", 0o644)

    def install(self, name):
        for kind in ("crt", "key"):
            shutil.copy(self.folder / f"{name}.{kind}", self.folder / "new")
            os.replace(self.folder / "new", self.folder / f"tls.{kind}")

    def connect(self):
        context = ssl._create_unverified_context()
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=30)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found.group(1)) if found else None

    def memory(self, field):
        """A field of /proc/PID/status in MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE).group(1)) / 1024

    def rule_file(self, text):
        (self.rules / "new").write_text(text)
        os.replace(self.rules / "new", self.rules / "ecr.rules")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)
        return status


def review_files():
    files = sorted(OWN.glob("*.json"))
    if SHARED.is_dir():
        files += sorted(SHARED.glob("*/*.json"))
    else:
        note("the shared reviews are not here: only the project's own are sent")
    return files


def recorded_reviews():
    """Every review, by Python's ssl, by curl and by openssl, equals `ruled review` to the byte."""
    server = Server("--self-image", "ghcr.io/example/ruled:1")
    files = review_files()
    connection = server.connect()
    for file in files:
        body = file.read_bytes()
        expected = subprocess.run(
            [options.ruled, "review", "--rules", str(server.rules), "--namespace-labels", LABELS, "--self-image",
             "ghcr.io/example/ruled:1"], input=body, capture_output=True).stdout
        connection.request("POST", "/mutate?timeout=10s", body, JSON)
        answer = connection.getresponse()
        received = answer.read()
        if (answer.status, received) != (200, expected):
            check(False, f"{file} equals `ruled review`", f"{answer.status}\n{received}\n{expected}")
        curl = subprocess.run(
            ["curl", "-sS", "--cacert", str(server.folder / "one.crt"), "-H", "Content-Type: application/json",
             "--data-binary", f"@{file}", f"https://127.0.0.1:{server.port}/mutate?timeout=10s"],
            capture_output=True)
        if curl.stdout != expected:
            check(False, f"{file} by curl equals `ruled review`", f"{curl.stderr}\n{curl.stdout}\n{expected}")
        head = f"POST /mutate HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        openssl = subprocess.run(
            ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{server.port}"], input=request,
            capture_output=True, timeout=60)
        if openssl.stdout.split(b"\r\n\r\n", 1)[-1] != expected:
            check(False, f"{file} by openssl equals `ruled review`", f"{openssl.stdout}\n{expected}")
    check(len(files) > 20, f"{len(files)} recorded reviews by Python, curl and openssl equal `ruled review` to the byte")
    server.end()


def swaps_under_load():
    """Ten exchanges each of rules and certificate while 64 connections send."""
    server = Server()
    text = (server.rules / "ecr.rules").read_text()
    server.certificate("two")
    reloads = server.metric('ruled_reloads_total{what="rules",result="ok"}')
    h2load = shutil.which("h2load")
    body = OWN / "create-every-kind-of-image.json"
    if h2load:
        load = subprocess.Popen(
            [h2load, "--h1", "-c", "64", "-t", "1", "-D", str(options.seconds), "-d", str(body), "-H",
             "Content-Type: application/json", f"https://127.0.0.1:{server.port}/mutate?timeout=10s"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    else:
        note("h2load is not here (Debian: nghttp2-client): Python sends instead")
        load = Load(server)
    for number in range(10):
        time.sleep(options.seconds / 11)
        server.rule_file(f"{text}\n# edit {number}\n")
        server.install("two" if number % 2 == 0 else "one")
    if h2load:
        output = load.communicate()[0]
        found = re.search(
            r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout",
            output)
        done, succeeded, failed, errored, timeout = map(int, found.groups())
        holds = failed == errored == timeout == 0 and succeeded == done > 0
        statuses = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", output)
        holds = holds and statuses and int(statuses.group(1)) == done
        note(re.search(r"finished in .*", output).group(0))
        check(holds, f"64 connections of h2load for {options.seconds} s: {done} requests, none failed", output)
    else:
        load.stop()
        check(not load.failures and load.answered, f"{load.answered} requests, none failed", load.failures[:5])
    rules = server.metric('ruled_reloads_total{what="rules",result="ok"}') - reloads
    certificates = server.metric('ruled_reloads_total{what="certificate",result="ok"}') - 1
    check(
        eventually(lambda: server.metric('ruled_last_reload_successful{what="rules"}') == 1) and rules >= 8
        and certificates >= 8, f"meanwhile {rules:.0f} edits of rules and {certificates:.0f} certificates went live")
    note(f"resident memory {server.memory('VmRSS'):.0f} MiB, at most {server.memory('VmHWM'):.0f} MiB")
    server.end()


def edits_under_load():
    """What a flood of edits at /validate does to the slowest answers at /mutate."""
    server = Server()
    patterns = ",\n        ".join(f'"source-{number}.example/*"' for number in range(options.patterns))
    rules = f'language 1\n\nrule many {{\n    rewrite {patterns} to "mirror.example/${{registry}}/*"\n}}\n'
    edit = json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "UPDATE", "namespace": "ruled", "name": "rules",
            "kind": {"group": "", "version": "v1", "kind": "ConfigMap"},
            "object": {"kind": "ConfigMap", "metadata": {"name": "rules"}, "data": {"many.rules": rules}},
        },
    })
    # A flood takes processor time where it comes from, too: what it does at another server is not this one's doing.
    other, answers, phases = Server(), [], []
    load = PacedLoad(server, 3 * options.seconds + 1, rate=2_000)
    time.sleep(1)
    for name, target in (("before", None), ("while another server is flooded", other), ("while this one is", server)):
        begun, stopping = time.time(), threading.Event()

        def flood():
            connection = target.connect()
            while not stopping.is_set():
                connection.request("POST", "/validate?timeout=10s", edit, JSON)
                answer = connection.getresponse()
                answers.append((answer.status, json.loads(answer.read())["response"]["allowed"]))
                if answer.getheader("Connection") == "close":
                    connection.close()

        threads = [threading.Thread(target=flood) for _ in range(6 if target else 0)]
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        stopping.set()
        phases.append((name, begun, time.time()))
        for thread in threads:
            thread.join()
    reviews, failures = load.end()
    check(reviews and not failures, f"{len(reviews)} requests around them, none failed", failures)
    check(answers and set(answers) == {(200, True)}, f"{len(answers)} edits, all answered", set(answers))
    counts = {name: server.metric(f'ruled_rule_edits_total{{outcome="{name}"}}') for name in ("accepted", "unchecked")}
    note(", ".join(f"{name}: {count:.0f}" for name, count in counts.items()))
    for name, since, until in phases:
        values = [took for start, took in reviews if since <= start <= until]
        note(f"{name}: {len(values)} requests, p50 {percentile(values, 0.5):.2f} ms, p99 {percentile(values, 0.99):.2f} ms")
    other.end()
    server.end()


def large_reload_under_load():
    """What reloads of many patterns do to the slowest answers: those of the same run, while one is checked and while
    none is."""
    server = Server()
    base = (server.rules / "ecr.rules").read_text()
    patterns = ",\n        ".join(f'"source-{number}.example/*"' for number in range(options.patterns))
    many = f'rule many {{\n    rewrite {patterns} to "mirror.example/${{registry}}/*"\n}}\n'
    reloads = 5
    load = PacedLoad(server, 2 * reloads + 4, rate=8_000)
    begun = time.time() + 1
    time.sleep(2)
    for number in range(reloads):
        server.rule_file(f"{base}\n{many}\n# {number}\n")
        time.sleep(1)
        live = lambda: [line for line in server.lines() if line["message"] == "rules are live"]
        done = eventually(lambda: len(live()) == number + 2, 120)
        check(done, f"a reload of {options.patterns} patterns went live under load ({number + 1} of {reloads})",
              server.log.read_text()[-2000:])
        time.sleep(1)
    answers, failures = load.end()
    check(answers and not failures, f"{len(answers)} requests around them, none failed", failures)
    checked = []
    for line in live()[1:]:
        end = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()
        checked.append((end - int(line["milliseconds"]) / 1000, end))
    during = [took for start, took in answers if any(a <= start <= b for a, b in checked)]
    beside = [took for start, took in answers if start > begun and not any(a <= start <= b for a, b in checked)]
    for name, values in (("while none is checked", beside), ("while one is checked", during)):
        note(f"{name}: {len(values)} requests, p50 {percentile(values, 0.5):.2f} ms, p99 {percentile(values, 0.99):.2f} ms")
    note("checks took " + ", ".join(f"{b - a:.2f} s" for a, b in checked))
    server.end()


def termination_under_load():
    """SIGTERM while clients send: every request that was sent is answered."""
    for attempt in range(3):
        server = Server(drain="1")
        load = Load(server)
        time.sleep(0.5)
        load.ending = True
        server.process.send_signal(signal.SIGTERM)
        check(eventually(lambda: server.get("/readyz")[0] == 503, 1), "after SIGTERM /readyz is 503")
        status = server.process.wait(timeout=60)
        load.stop()
        check(
            status == 0 and not load.failures and load.answered,
            f"SIGTERM under load, {attempt + 1} of 3: {load.answered} requests, none lost, exit code 0",
            f"{status} {load.failures[:5]}")
        shutil.rmtree(server.folder)


def signals_and_exit_codes():
    server = Server(interval="3600", drain="30")
    text = (server.rules / "ecr.rules").read_text()
    before = server.metric('ruled_reloads_total{what="rules",result="ok"}')
    server.rule_file(text + "\n# another\n")
    time.sleep(0.3)
    check(server.metric('ruled_reloads_total{what="rules",result="ok"}') == before, "nothing is read before its time")
    server.process.send_signal(signal.SIGHUP)
    check(
        eventually(lambda: server.metric('ruled_reloads_total{what="rules",result="ok"}') == before + 1),
        "SIGHUP reads the files at once")
    server.process.send_signal(signal.SIGTERM)
    check(eventually(lambda: server.line("draining")), "SIGTERM drains")
    check(server.process.poll() is None, "and goes on for the time of --drain")
    check(server.end(signal.SIGTERM) == 130, "a second SIGTERM ends it at once, with 130")
    server = Server()
    check(server.end(signal.SIGINT) == 0, "SIGINT ends it in order, with 0")

    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.listen()
    taken = f"127.0.0.1:{holder.getsockname()[1]}"
    for arguments, word in [
        (["--listen", taken], "address already in use"), (["--listen", "nonsense"], "is not host:port"),
        (["--rules", "rules/ecr.rules"], "is a directory"), (["--namespace", "x"], "--namespace"),
        (["--tls", "files"], "--tls-cert"), (["--tls", "files", "--bogus"], "--bogus"),
        (["--set", "ecr"], "ecr"), (["--listen", "*:8443"], "[::]:8443"),
        (["--listen", "[::1]:8443", "--admin-listen", "[::1]:8443"], "both [::1]:8443"),
        (["--check-timeout", "0"], "between 0.1 and 3600"), (["--max-body", "0"], "between 1 and 1099511627776"),
        (["--tls", "self-signed", "--tls-name", "a_b"], "neither a dns name nor an ip address"),
    ]:
        command = [options.ruled, "serve", "--tls", "off", "--admin-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"]
        run = subprocess.run(command + arguments, capture_output=True, text=True, cwd=ROOT, timeout=60)
        check(
            run.returncode == 2 and word in run.stderr.lower(), f"`serve {' '.join(arguments)}` ends with 2 and says why",
            f"{run.returncode} {run.stderr}")
    holder.close()


def unreadable_directory():
    """As another user, for whom a directory can be closed; root reads everything."""
    if os.geteuid() != 0:
        user, ruled, place = None, None, None
    else:
        user = pwd.getpwnam("nobody").pw_uid
        # The build may stand where nobody else may look.
        place = pathlib.Path(tempfile.mkdtemp(prefix="ruled-e2e-"))
        os.chmod(place, 0o755)
        ruled = shutil.copy(options.ruled, place / "ruled")
    server = Server(user=user, ruled=ruled)
    connection = server.connect()
    body = (OWN / "create-nginx-no-tag.json").read_bytes()

    def ask():
        connection.request("POST", "/mutate", body, JSON)
        return connection.getresponse().read()

    good = ask()
    check(b"patch" in good, "a review is answered")
    os.chmod(server.rules, 0)
    check(eventually(lambda: server.metric('ruled_last_reload_successful{what="rules"}') == 0),
          "a directory that may not be read is noticed")
    check("permission denied" in server.get("/readyz?verbose")[1], "and /readyz?verbose says why")
    check(server.get("/readyz")[0] == 200 and ask() == good, "and the last good rules answer on, ready")
    os.chmod(server.rules, 0o755)
    check(eventually(lambda: server.metric('ruled_last_reload_successful{what="rules"}') == 1)
          and ask() == good, "once it may be read again, all is well again")
    server.end()
    if place:
        shutil.rmtree(place)


def large_bodies():
    """100 bodies of 16 MiB at once."""
    server = Server("--request-timeout", "60", tls=False)
    body = b" " * (16 << 20)
    request = b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    request += f"Content-Length: {len(body)}\r\n\r\n".encode()
    statuses = []

    def send():
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(request)
                connection.sendall(body)
            try:
                statuses.append(connection.recv(64).split(b" ")[1].decode())
            except (OSError, IndexError):
                statuses.append("reset")

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    small = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    answered = 0
    while any(thread.is_alive() for thread in threads):
        small.request("POST", "/mutate", (OWN / "create-nginx-no-tag.json").read_bytes(), JSON)
        answer = small.getresponse()
        answer.read()
        # A share of the bytes in flight is for small ones.
        if answer.status != 200:
            check(False, "a small review is answered meanwhile", str(answer.status))
        answered += answer.status == 200
        if answer.getheader("Connection") == "close":
            small.close()
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    peak = server.memory("VmHWM")
    note(f"answers: {counts}; {answered} small reviews meanwhile; resident memory {peak:.0f} MiB at most")
    check(set(counts) <= {"400", "429", "reset"} and answered > 0, "100 bodies of 16 MiB at once, small reviews between")
    check(peak < 128, f"they stay under 128 MiB of resident memory")
    server.end()


def metrics_are_clean():
    server = Server()
    connection = server.connect()
    for file in review_files():
        connection.request("POST", "/mutate", file.read_bytes(), JSON)
        connection.getresponse().read()
    text = server.get("/metrics")[1]
    if shutil.which("promtool"):
        run = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        check(run.returncode == 0 and not run.stdout + run.stderr, "promtool finds the metrics clean", run.stdout + run.stderr)
    else:
        note("promtool is not here (Debian: prometheus): the metrics are not held against it")
    note(f"listening {server.listening * 1000:.0f} ms after the start, resident memory {server.memory('VmRSS'):.0f} MiB")
    log = server.log.read_text()
    check("PRIVATE" not in log and '"spec"' not in log, "the log holds no key and no pod")
    server.end()


def free_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return holder.getsockname()[1]


def quickstart():
    """The README's first command prints what the README shows, and its server answers until it is told to end."""
    page = (ROOT / "README.md").read_text()
    shown = re.search(r"^\$ scripts/quickstart\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).group(1).splitlines()
    port = free_port()
    environment = dict(os.environ, PORT=str(port), ADMIN_PORT=str(free_port()))
    process = subprocess.Popen(
        [ROOT / "scripts/quickstart"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, start_new_session=True)
    atexit.register(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
    lines = []
    while not lines or "Ctrl-C" not in lines[-1]:
        line = process.stdout.readline()
        if not line:
            check(False, "scripts/quickstart shows a pod before and after", f"{lines}\n{process.stderr.read()}")
        lines.append(line.rstrip("\n"))
    missing = [line for line in shown if line.strip() and line.replace("8443", str(port)) not in lines]
    missing = [line for line in missing if "9090" not in line]
    check(len(shown) > 5 and not missing, "scripts/quickstart prints what the README shows", f"{missing}\n{lines}")
    run = subprocess.run(
        [options.ruled, "test", "--pod", "examples/pod.yaml", "--namespace-labels", LABELS, "--format", "json"], cwd=ROOT,
        capture_output=True, check=True)
    text = "\n".join(lines)
    for image in json.loads(run.stdout)["objects"][0]["images"]:
        pair = f"  {image['from']}\n    -> {image['to'] or 'unchanged'}\n"
        if pair not in text:
            check(False, "scripts/quickstart and `ruled test --pod` agree", f"{pair}\n{text}")
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)
    connection.request("POST", "/mutate", (OWN / "create-nginx-no-tag.json").read_bytes(), JSON)
    check(connection.getresponse().status == 200, "and its server goes on answering")
    # As Ctrl-C does: to the whole group.
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    check(not refuses_to_end(port), "until Ctrl-C")


def refuses_to_end(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


LOAD = [metrics_are_clean, swaps_under_load, large_reload_under_load, edits_under_load, termination_under_load, large_bodies]
ALL = [quickstart, recorded_reviews, signals_and_exit_codes, unreadable_directory] + LOAD


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ruled", help="the executable")
    parser.add_argument("--seconds", type=int, default=5, help="how long the load with swaps goes on (5)")
    parser.add_argument("--patterns", type=int, default=1_000, help="patterns of the large reload (1000)")
    parser.add_argument("--load", action="store_true", help="only the checks under load")
    parser.add_argument("--only", default="", help="only the checks whose name has this word")
    options = parser.parse_args()
    options.ruled = str(pathlib.Path(options.ruled).resolve())
    chosen = [run for run in (LOAD if options.load else ALL) if options.only in run.__name__]
    if not chosen:
        parser.error(f"no check is named so: {', '.join(run.__name__ for run in ALL)}")
    for run in chosen:
        start = time.monotonic()
        run()
        note(f"{run.__name__}: {time.monotonic() - start:.1f} s")
    print(f"{checks} passed, 0 failed")


main()
