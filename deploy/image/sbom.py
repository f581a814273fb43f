"""What is in the image, as an SPDX 2.3 document: files, Debian packages they come from, Swift packages within."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys

DOCUMENT, PROGRAM = "SPDXRef-DOCUMENT", "SPDXRef-Package-ruled"
# Whose packages are under the Apache License 2.0; of others the source is to be asked.
APACHE = ("github.com/apple/", "github.com/swiftlang/", "github.com/swift-server/")


def identifier(kind, text):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def debian_package(path):
    """The Debian package that a file is of, with its version and architecture; nothing elsewhere than on Debian."""
    resolved = str(pathlib.Path(path).resolve())
    # The bundle of CA certificates is made when its package is installed, and so belongs to none.
    name = "ca-certificates" if resolved.endswith("/ca-certificates.crt") else None
    try:
        # Debian's database has the paths of before /lib became a link into /usr.
        for candidate in (resolved, resolved.removeprefix("/usr")):
            owner = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True)
            name = name or (owner.stdout.split(": ")[0].split(",")[0] if owner.returncode == 0 else None)
        if not name:
            return None
        shown = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}", name], capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return tuple(shown.stdout.split()) if shown.returncode == 0 else None


def package(spdx, name, version, url=None, license="NOASSERTION", purl=None):
    found = {
        "SPDXID": spdx,
        "name": name,
        "versionInfo": version,
        "downloadLocation": url or "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license,
        "copyrightText": "NOASSERTION",
        "supplier": "NOASSERTION",
    }
    if purl:
        found["externalRefs"] = [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
        ]
    return found


def swift_packages(resolved):
    """The Swift packages that are linked in, from Package.resolved."""
    if not resolved.exists():
        print("there is no Package.resolved: the list lacks the Swift packages", file=sys.stderr)
        return
    for pin in sorted(json.loads(resolved.read_text())["pins"], key=lambda pin: pin["identity"]):
        state = pin["state"]
        version = state.get("version") or state["revision"]
        place = pin["location"].removesuffix(".git")
        path = re.sub(r"^https?://", "", place)
        license = "Apache-2.0" if path.startswith(APACHE) else "NOASSERTION"
        yield package(
            identifier("Swift", pin["identity"]),
            pin["identity"],
            version,
            f"git+{place}@{state['revision']}",
            license,
            f"pkg:swift/{path}@{version}",
        )


def swift_runtime():
    """Swift's own libraries, which are linked in too: those of the compiler that is here."""
    try:
        text = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    except FileNotFoundError:
        return
    found = re.search(r"Swift version (\S+)", text)
    if found:
        yield package(
            "SPDXRef-Swift-runtime", "swift", found.group(1), "https://github.com/swiftlang/swift", "Apache-2.0"
        )


def document(files, version, created, digest, resolved):
    """The SPDX document of an image: its files as paths with bytes, mode and origin; its digest names the document."""
    packages = [package(PROGRAM, "ruled", version, license="Apache-2.0")]
    entries, relations = [], [(DOCUMENT, "DESCRIBES", PROGRAM)]
    for found in [*swift_runtime(), *swift_packages(resolved)]:
        packages.append(found)
        relations.append((PROGRAM, "STATIC_LINK", found["SPDXID"]))
    known = set()
    for path, (data, _, origin) in files.items():
        entry = {
            "SPDXID": identifier("File", path),
            "fileName": f"./{path}",
            "checksums": [
                {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
            ],
            "licenseConcluded": "NOASSERTION",
            "licenseInfoInFiles": ["NOASSERTION"],
            "copyrightText": "NOASSERTION",
        }
        entries.append(entry)
        relations.append((PROGRAM, "CONTAINS", entry["SPDXID"]))
        owner = debian_package(origin) if origin and path != "usr/bin/ruled" else None
        if owner:
            name, debian, architecture = owner
            entry["comment"] = f"from Debian's package {name} {debian}"
            holder = identifier("Debian", name)
            if holder not in known:
                known.add(holder)
                purl = f"pkg:deb/debian/{name}@{debian}?arch={architecture}"
                packages.append(package(holder, name, debian, purl=purl))
                relations.append((PROGRAM, "DEPENDS_ON", holder))
    # The code that SPDX defines: the digest of all files' digests.
    digests = "".join(sorted(entry["checksums"][0]["checksumValue"] for entry in entries))
    packages[0]["filesAnalyzed"] = True
    packages[0]["packageVerificationCode"] = {
        "packageVerificationCodeValue": hashlib.sha1(digests.encode()).hexdigest()
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": f"ruled-{version}",
        "documentNamespace": f"https://ruled.dev/spdx/{digest.replace(':', '-')}",
        "creationInfo": {"created": created, "creators": ["Tool: ruled-deploy-image-build"]},
        "packages": packages,
        "files": entries,
        "relationships": [
            {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": other}
            for element, kind, other in relations
        ],
    }
