"""The chart as the checks see it: rendering, cases, and the values with their comments."""

import os
import pathlib
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy/chart"
HELM = ROOT / ".build/deploy/bin/helm"


class RenderError(Exception):
    """Helm's words when it would not render."""


def helm(*arguments):
    """Runs Helm and gives what it printed."""
    done = subprocess.run(
        [HELM, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, "KUBECONFIG": os.devnull}
    )
    if done.returncode != 0:
        raise RenderError(done.stdout + done.stderr)
    return done.stdout


def render(values, *options, release="ruled", namespace="ruled"):
    """The text that the chart gives for a file of values."""
    return helm("template", release, CHART, "--namespace", namespace, "--values", values, *options)


def notes(values):
    """What Helm tells whoever installs the chart with a file of values."""
    text = helm("install", "ruled", CHART, "--namespace", "ruled", "--values", values, "--dry-run=client")
    return text.split("\nNOTES:\n")[1]


class Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, as the API server's strict decoding does."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"`{key}` stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def objects(text):
    """The objects of a rendered chart, in an order that does not depend on Helm's version."""
    found = [document for document in yaml.load_all(text, Loader) if document]
    return sorted(found, key=lambda o: (o["apiVersion"], o["kind"], o["metadata"].get("namespace", ""), name(o)))


def name(item):
    return item["metadata"]["name"]


class Value:
    """One value of values.yaml that has a line in the README."""

    def __init__(self, path, comment, default):
        self.path, self.comment, self.default = path, comment, default


def values():
    """The values of values.yaml with the comments above them, in order."""
    text = (CHART / "values.yaml").read_text()
    whole = yaml.safe_load(text)
    found, parents, comment = [], [], []
    for line in text.splitlines():
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if stripped.startswith("# -- "):
            comment = [stripped[5:]]
        elif stripped.startswith("# ") and comment:
            comment.append(stripped[2:])
        elif ":" in stripped and not stripped.startswith(("#", "-")):
            while parents and parents[-1][0] >= indent:
                parents.pop()
            parents.append((indent, stripped.split(":")[0]))
            path = [key for _, key in parents]
            if comment:
                default = whole
                for key in path:
                    default = default[key]
                found.append(Value(".".join(path), " ".join(comment), default))
            comment = []
        else:
            comment = []
    return found
