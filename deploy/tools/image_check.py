"""deploy/image/build, on a program that is already there; scripts/check-image does the same with the real one."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import chart

BUILD = chart.ROOT / "deploy/image/build"


def build(folder, binary=sys.executable, **environment):
    """Builds an image into a folder; gives what git has no say in."""
    out = pathlib.Path(folder) / "image"
    certificates = pathlib.Path(folder) / "ca-certificates.crt"
    certificates.write_text("-----BEGIN CERTIFICATE-----\n")
    done = subprocess.run(
        [BUILD, binary, "--output", out, "--version", "1.2.3", "--certificates", certificates],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment},
        capture_output=True,
        text=True,
    )
    return done, out


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(pathlib.Path(folder).rglob("*")) if p.is_file()}


def same_bytes():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder in (one, two):
            done, _ = build(folder)
            assert done.returncode == 0, done.stdout + done.stderr
        assert files(one) == files(two) and len(files(one)) == 7


def is_an_image():
    with tempfile.TemporaryDirectory() as folder:
        done, out = build(folder)
        assert done.returncode == 0, done.stderr
        blobs = out / "blobs/sha256"
        for blob in blobs.iterdir():
            assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name

        def read(descriptor):
            path = blobs / descriptor["digest"].removeprefix("sha256:")
            assert path.stat().st_size == descriptor["size"]
            return path

        index = json.loads((out / "index.json").read_text())
        manifest = json.loads(read(index["manifests"][0]).read_text())
        config = json.loads(read(manifest["config"]).read_text())
        assert config["config"]["User"] == "65532:65532" and config["created"] == "2023-11-14T22:13:20Z"
        assert config["config"]["Labels"]["org.opencontainers.image.version"] == "1.2.3"
        with tarfile.open(read(manifest["layers"][0])) as tar:
            entries = {entry.name: entry for entry in tar}
        assert entries["usr/bin/ruled"].mode == 0o755 and "etc/ssl/certs/ca-certificates.crt" in entries
        for entry in entries.values():
            assert (entry.uid, entry.gid, entry.mtime) == (0, 0, 1700000000) and entry.mode & 0o044 == 0o044
        listed = json.loads(out.with_name("image.spdx.json").read_text())
        assert {file["fileName"] for file in listed["files"]} == {"./" + e.name for e in entries.values() if e.isfile()}
        known = {thing["SPDXID"] for thing in listed["packages"] + listed["files"]} | {"SPDXRef-DOCUMENT"}
        assert len(known) == len(listed["packages"]) + len(listed["files"]) + 1
        for relation in listed["relationships"]:
            assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known


def no_program():
    with tempfile.TemporaryDirectory() as folder:
        done, _ = build(folder, binary=BUILD)
        assert done.returncode == 1 and "is not a program for Linux" in done.stderr, done.stderr


def dockerfile():
    """The Dockerfile makes the same image: the user, the files beside the program, the command."""
    text = (chart.ROOT / "deploy/image/Dockerfile").read_text()
    with tempfile.TemporaryDirectory() as folder:
        _, out = build(folder)
        largest = max((out / "blobs/sha256").iterdir(), key=lambda blob: blob.stat().st_size)
        with tarfile.open(largest) as tar:
            for path in ("etc/passwd", "etc/group", "etc/nsswitch.conf"):
                made = tar.extractfile(path).read().decode().replace("\n", "\\n")
                assert f"printf '{made}' > /image/{path}" in text, path
    assert "USER 65532:65532" in text and 'ENTRYPOINT ["/usr/bin/ruled"]' in text


CHECKS = [
    ("built twice, the same bytes", same_bytes),
    ("a layout with all its digests, and a list of its files", is_an_image),
    ("what is no program is refused", no_program),
    ("the Dockerfile makes the same", dockerfile),
]
