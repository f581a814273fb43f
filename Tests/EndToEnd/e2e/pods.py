"""Pods to create, and what to read of them. No node ever runs one: they select nodes that do not exist."""

CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def container(image, name="main"):
    return {"name": name, "image": image, "securityContext": dict(CONFINED)}


def spec(image, **more):
    """A pod's specification, within Pod Security's `restricted`."""
    return {
        "automountServiceAccountToken": False,
        "nodeSelector": {"ruled.dev/e2e": "no-node-has-this-label"},
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container(image)],
        "terminationGracePeriodSeconds": 0,
        **more,
    }


def pod(name, image, labels=None, annotations=None, **more):
    metadata = {"name": name}
    if name.endswith("-"):
        metadata = {"generateName": name}
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec(image, **more)}


def images(body, kind="containers"):
    """The images of a pod, or the API server's message where it is none."""
    if body.get("kind") != "Pod":
        return body.get("message", "")
    return [each["image"] for each in body["spec"].get(kind, [])]


def path(namespace, name="", dry=False):
    return f"/api/v1/namespaces/{namespace}/pods" + (f"/{name}" if name else "") + ("?dryRun=All" if dry else "")
