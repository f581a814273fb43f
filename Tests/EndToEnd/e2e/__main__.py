"""Tries `ruled` out in a cluster: installs it, creates pods of every kind, edits and breaks the rules, replaces the CA,
kills a replica under load, and takes everything away again. One line a check.

    scripts/e2e --image registry.example.com/ruled:0.1.0    with the chart and Helm, three replicas
    scripts/e2e --local                                     `ruled` as processes here, which the cluster calls

It uses the context that KUBECONFIG names, says which that is, and asks before it goes on, unless there is --yes.
Everything is in namespaces, and under names, that begin with `ruled-e2e`; the webhooks look at those namespaces only,
and the pods are never run by a node. The user needs the rights of an administrator.

With --local three replicas and `ruled certs manage` run here, with tokens of the chart's ServiceAccounts, and with the
chart's roles and webhook configurations. The API server has to reach this machine at --webhook-host: for a cluster on
the same machine 127.0.0.1 does, for kind it is the address of its network's gateway.
"""

import argparse
import pathlib
import shutil
import signal
import sys
import tempfile
import time

from charted import ChartRelease
from checks import Checks
from cluster import Cluster, Refusal
from local import LocalRelease
from release import PARTS, clean, leftovers
from report import Report

EPILOG = """exit codes: 0 every check passed, 1 one failed, 2 it could not run, 130 ended by Ctrl-C, after cleaning up

NO_COLOR is honoured."""

# The options that do not go with every way to run, and the ways that they go with.
GOES_WITH = {
    "values": ["image"], "helm": ["image"], "ruled": ["local"], "webhook_host": ["local"],
    "replicas": ["image", "local"], "slow": ["image", "local"], "keep": ["image", "local"],
}


def options():
    parser = argparse.ArgumentParser(
        prog="scripts/e2e", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--image", metavar="REF", help="the image that the chart installs, REPOSITORY[:TAG][@DIGEST]")
    how.add_argument("--local", action="store_true", help="run `ruled` on this machine instead")
    how.add_argument("--clean", action="store_true", help="only take away what a run left")
    parser.add_argument("--yes", action="store_true", help="do not ask whether this is the right cluster")
    parser.add_argument("--keep", action="store_true", help="leave everything in the cluster, for a look")
    parser.add_argument("--slow", action="store_true", help="also see running replicas follow a lost CA, 5 minutes")
    parser.add_argument("--replicas", type=int, default=3, metavar="N", help="replicas, 2 or more (3)")
    parser.add_argument("--context", metavar="NAME", help="another context of the kubeconfig than the current one")
    parser.add_argument(
        "--values", action="append", default=[], metavar="FILE",
        help="--image: values for the chart; may be repeated")
    parser.add_argument(
        "--webhook-host", default="127.0.0.1", metavar="HOST",
        help="--local: where the API server finds this machine (127.0.0.1); if it has no such address, it listens "
        "on all that it has")
    parser.add_argument("--ruled", metavar="PROGRAM", help="--local: the program (the last build)")
    parser.add_argument("--kubectl", default="kubectl", metavar="PROGRAM", help="kubectl")
    parser.add_argument("--helm", default="helm", metavar="PROGRAM", help="--image: Helm 3.17 or later")
    chosen = parser.parse_args()
    if not (chosen.image or chosen.local or chosen.clean):
        parser.error("say how: --image REF for the chart, or --local")
    way = next(each for each in ("image", "local", "clean") if getattr(chosen, each))
    for option, ways in GOES_WITH.items():
        if way not in ways and getattr(chosen, option) != parser.get_default(option):
            parser.error(f"--{option.replace('_', '-')} means nothing with --{way}")
    if chosen.replicas < 2:
        parser.error("--replicas is at least 2: one of them is killed")
    return chosen


def program(given):
    """The `ruled` to run."""
    if given:
        built = [pathlib.Path(given)]
    else:
        built = [PARTS / ".build" / kind / "ruled" for kind in ("release", "debug")]
    built = [path.resolve() for path in built if path.exists()]
    if not built:
        raise Refusal("there is no `ruled` to run: `swift build --product ruled`, or name it with --ruled")
    return str(max(built, key=lambda path: path.stat().st_mtime))


def ask(cluster, chosen):
    """Says which cluster it is, and asks."""
    what = "clean up" if chosen.clean else "install ruled for a while, and create pods and namespaces"
    print(f"context `{cluster.context}`: Kubernetes {cluster.version} at {cluster.address['server']}", flush=True)
    if chosen.yes:
        return
    if not sys.stdin.isatty():
        raise Refusal(f"nobody is there to ask whether to {what} in this cluster: give --yes")
    if input(f"{what} in this cluster? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refusal("nothing was done")


def interrupt(*_):
    # Once is enough: the rest of the signals shall not keep it from cleaning up.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def tidy(cluster, release, chosen, folder, report):
    """Ends what runs, and takes away what was made."""
    if report.failed and release:
        for name, text in release.logs():
            if not (folder / f"{name}.log").exists():
                (folder / f"{name}.log").write_text(text)
        print(f"the logs are in {folder}", flush=True)
    if release:
        release.stop()
    if chosen.keep:
        print(f"everything is left there; `scripts/e2e --clean --context {cluster.context}` takes it away", flush=True)
        return
    print("cleaning up", flush=True)
    if left := clean(cluster):
        print("this could not be taken away:\n  " + "\n  ".join(left), file=sys.stderr)


def run(chosen, folder):
    report, release = Report(), None
    if chosen.local:
        chosen.ruled = program(chosen.ruled)
    cluster = Cluster(chosen.kubectl, chosen.context, folder)
    try:
        cluster.identify()
        ask(cluster, chosen)
        cluster.connect()
        if chosen.clean:
            left = clean(cluster)
            print("clean" if not left else "this could not be taken away:\n  " + "\n  ".join(left))
            return 1 if left else 0
        if left := leftovers(cluster):
            raise Refusal(
                "another run is at it, or was not cleaned up: `scripts/e2e --clean` takes this away\n  " +
                "\n  ".join(left))
        try:
            if chosen.local:
                release = LocalRelease(cluster, folder, chosen.ruled, chosen.webhook_host, chosen.replicas)
            else:
                release = ChartRelease(
                    cluster, folder, chosen.helm, chosen.image, chosen.values, chosen.replicas)
            Checks(cluster, release, report, chosen.slow).run()
        finally:
            if release:
                tidy(cluster, release, chosen, folder, report)
        return report.end()
    finally:
        cluster.close()


def main():
    chosen = options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    folder, status = pathlib.Path(tempfile.mkdtemp(prefix="ruled-e2e-")), 2
    start = time.monotonic()
    try:
        status = run(chosen, folder)
        print(f"{time.monotonic() - start:.0f} s")
    except Refusal as refusal:
        print(f"e2e: {refusal}", file=sys.stderr)
    except KeyboardInterrupt:
        status = 130
    # Of a failure the logs stay, and no tokens.
    if status == 1:
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.suffix != ".log":
                path.unlink()
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
