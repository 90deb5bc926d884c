"""OpenSearch with its security plug-in as a Debian package, put together from the published Maven artifacts.

It stands in for the package of opensearch.org: same places (/usr/share/opensearch, /etc/opensearch, a user and a unit
``opensearch``), same server, modules and plug-in, but without the JDK that the real one brings along.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from tests.servers.opensearch import class_path
from tests.walk.machines import host

VERSION = "2.19.1"
_PLUGIN = f"org.opensearch.plugin:opensearch-security:{VERSION}.0:zip"
OPENED = " ".join(
    f"--add-opens java.base/{package}=ALL-UNNAMED"
    for package in (
        "java.lang",
        "java.nio",
        "sun.nio.ch",
        "java.util",
        "java.security",
        "sun.security.x509",
        "sun.security.util",
    )
)
_UNIT = f"""[Unit]
Description=OpenSearch
Wants=network-online.target
After=network-online.target

[Service]
User=opensearch
Group=opensearch
WorkingDirectory=/usr/share/opensearch
LimitNOFILE=65535
ExecStart=/bin/sh -c 'exec jdk/bin/java $(cat /etc/opensearch/jvm.options.d/*.options) -XX:+UseSerialGC {OPENED} \\
    -Dkb.plugins=org.opensearch.security.OpenSearchSecurityPlugin \\
    -cp "lib:lib/*:plugins/opensearch-security/*" Node /usr/share/opensearch/home'
SuccessExitStatus=143
TimeoutStopSec=75

[Install]
WantedBy=multi-user.target
"""
_SETUP = """#!/bin/sh
set -e
id -u opensearch >/dev/null 2>&1 || useradd --system --home-dir /usr/share/opensearch --shell /usr/sbin/nologin opensearch
chown -R opensearch:opensearch /var/lib/opensearch /var/log/opensearch /etc/opensearch
"""


def build(folder: Path) -> Path:
    """The package in ``folder``, made once."""
    made = folder / f"opensearch-{VERSION}-linux-x64.deb"
    if made.exists():
        return made
    root = folder / "opensearch-root"
    shutil.rmtree(root, ignore_errors=True)
    share, etc = root / "usr/share/opensearch", root / "etc/opensearch"
    for place in (share / "lib", etc / "jvm.options.d", root / "var/lib/opensearch", root / "var/log/opensearch",
                  root / "lib/systemd/system", root / "DEBIAN"):  # fmt: skip
        place.mkdir(parents=True)
    _server(share / "lib")
    _plugin(folder, share / "plugins/opensearch-security", etc / "opensearch-security")
    (
        share / "home"
    ).mkdir()  # without plug-ins of its own: the classes are on the class path, where modules are
    (share / "home/config").symlink_to("/etc/opensearch")
    (share / "jdk").symlink_to("/usr/lib/jvm/default-java")
    (etc / "opensearch.yml").write_text("")
    (root / "lib/systemd/system/opensearch.service").write_text(_UNIT)
    (root / "DEBIAN/control").write_text(
        f"Package: opensearch\nVersion: {VERSION}\nArchitecture: amd64\nMaintainer: tests\nDescription: OpenSearch for a walk\n"
    )
    (root / "DEBIAN/postinst").write_text(_SETUP)
    (root / "DEBIAN/postinst").chmod(0o755)
    host("dpkg-deb", "--build", "-Znone", str(root), str(made))
    shutil.rmtree(root)
    return made


def _server(lib: Path) -> None:
    classes, *jars = class_path().split(os.pathsep)
    for file in [*Path(classes).glob("*.class"), *map(Path, jars)]:
        shutil.copy(file, lib)


def _plugin(folder: Path, place: Path, configuration: Path) -> None:
    """The plug-in in its place; what it ships as configuration goes where the package has it."""
    host("mvn", "-q", "-B", "dependency:copy", f"-Dartifact={_PLUGIN}", f"-DoutputDirectory={folder}")
    with zipfile.ZipFile(folder / f"opensearch-security-{VERSION}.0.zip") as packed:
        packed.extractall(place)
    (place / "config").rename(configuration)
