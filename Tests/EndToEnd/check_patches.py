"""Applies the patches of `ruled review` with a JSON Patch implementation that is not ours.

For every recorded review and several rule sets: the patch applies, it changes image references, marks and the
bypass annotation only, and the patched object gets no further patch, neither on reinvocation nor on an update
that changes nothing.

    python3 Tests/EndToEnd/check_patches.py PATH-OF-RULED
"""

import base64
import copy
import json
import pathlib
import subprocess
import sys

import jsonpatch

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ROOT / "Tests/EngineTests/Fixtures/reviews"
SHARED = ROOT.parent / "shared/data/admission-reviews"

# Rule sets, and the marks that each may write.
RULE_SETS = {
    "rules": set(),
    "rules/examples/many-prefix-map": set(),
    "rules/examples/regional-google-mirrors": set(),
    "rules/examples/copying-mirror": set(),
    "rules/examples/docker-hub-proxy": {("labels", "k8s-proxy-image-swapper")},
}
BYPASS = ("annotations", "ruled.dev/bypassed")


def reviews():
    paths = sorted(OWN.glob("*.json"))
    if SHARED.is_dir():
        paths += sorted(SHARED.glob("*/*.json"))
    else:
        print("the shared reviews are not here: only the project's own are checked")
    return {str(path): json.loads(path.read_text()) for path in paths}


def answer(ruled, rules, texts):
    command = [ruled, "review", "--rules", rules, "--namespace-labels", "pull-through-enabled=true", "--format", "jsonl"]
    run = subprocess.run(
        command, input="".join(json.dumps(text) + "\n" for text in texts), capture_output=True, text=True, cwd=ROOT)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stderr}")
    lines = run.stdout.splitlines()
    assert len(lines) == len(texts), f"{len(texts)} reviews gave {len(lines)} answers"
    return [json.loads(line)["response"] for line in lines]


def template(thing):
    """The pod, or the pod template, of an object."""
    for path in (["spec", "jobTemplate", "spec", "template"], ["spec", "template"]):
        inner = thing
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and "spec" in inner:
            return inner
    return thing


def without_images_and_marks(thing, marks):
    """The object with all that a patch may change taken out."""
    thing = copy.deepcopy(thing)
    pod = template(thing)
    spec = pod.get("spec", {}) if isinstance(pod.get("spec"), dict) else {}
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(key) or []:
            container.pop("image", None)
    for volume in spec.get("volumes") or []:
        if isinstance(volume.get("image"), dict):
            volume["image"].pop("reference", None)
    metadata = pod.get("metadata") or {}
    for kind, key in marks:
        (metadata.get(kind) or {}).pop(key, None)
    for kind in ("labels", "annotations"):
        if not metadata.get(kind):
            metadata.pop(kind, None)
    return thing


def check(ruled, rules, marks):
    originals = reviews()
    patched, again = {}, []
    for (path, review), response in zip(originals.items(), answer(ruled, rules, originals.values())):
        assert response["uid"] == review["request"]["uid"], path
        assert response["allowed"] is True, f"{path}: denied under {rules}"
        assert ("patch" in response) == ("patchType" in response), path
        thing = review["request"].get("object")
        if "patch" in response:
            operations = json.loads(base64.b64decode(response["patch"], validate=True))
            assert operations, f"{path}: an empty patch"
            assert all(operation["op"] in ("add", "replace") for operation in operations), path
            after = jsonpatch.apply_patch(thing, operations)
            allowed = marks | {BYPASS}
            assert without_images_and_marks(thing, allowed) == without_images_and_marks(after, allowed), path
            patched[path] = len(operations)
            thing = after
        else:
            assert "auditAnnotations" not in response, path
        if thing is None:
            continue
        reinvoked = copy.deepcopy(review)
        reinvoked["request"]["object"] = thing
        updated = copy.deepcopy(reinvoked)
        updated["request"]["operation"] = "UPDATE"
        updated["request"]["oldObject"] = thing
        again += [(path, reinvoked), (path, updated)]
    for (path, _), response in zip(again, answer(ruled, rules, [review for _, review in again])):
        assert "patch" not in response, f"{path}: patched again under {rules}"
        assert response["allowed"] is True, f"{path}: denied the second time under {rules}"
    assert patched, f"{rules} patched nothing"
    print(f"{rules}: {len(originals)} reviews, {len(patched)} patched, {sum(patched.values())} operations")


def main():
    ruled = str(pathlib.Path(sys.argv[1]).resolve())
    for rules, marks in RULE_SETS.items():
        check(ruled, rules, marks)


if __name__ == "__main__":
    main()
