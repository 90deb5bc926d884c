"""Container images for a walk of compose.yaml where no registry is at hand: same names, same programs, same settings.

Debian with PostgreSQL, with OpenSearch from its Maven artifacts, with Python; each takes the environment
variables that compose.yaml gives to the published image.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.walk import opensearch_deb
from tests.walk.machines import WalkError, host

_BASE = "localhost/walk-base"
_PYTHON = f"""FROM {_BASE}
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip \\
    && ln -s python3 /usr/bin/python && rm -f /usr/lib/python3.*/EXTERNALLY-MANAGED
"""
_POSTGRES = f"""FROM {_BASE}
RUN apt-get update && apt-get install -y --no-install-recommends postgresql
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
COPY start /start
ENTRYPOINT ["/bin/sh", "/start"]
"""
_POSTGRES_START = """set -e
install -d -o postgres -g postgres -m 0700 $PGDATA
as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
if [ ! -e $PGDATA/PG_VERSION ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/password && chmod 0644 /tmp/password
    as initdb -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 -E UTF8 --locale=C.UTF-8 >/dev/null && rm /tmp/password
    echo 'local all all trust' >$PGDATA/pg_hba.conf
    echo 'host all all all scram-sha-256' >>$PGDATA/pg_hba.conf
    as pg_ctl -w start -o "-c listen_addresses=''" >/dev/null
    as createdb -U "$POSTGRES_USER" "$POSTGRES_DB" 2>/dev/null || true
    as pg_ctl -w stop >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -c listen_addresses='*'
"""
_OPENSEARCH = f"""FROM {_BASE}
RUN apt-get update && apt-get install -y --no-install-recommends default-jre-headless
COPY opensearch.deb start /
RUN dpkg -i /opensearch.deb && rm /opensearch.deb && install -d -o opensearch /usr/share/opensearch/data
USER opensearch
WORKDIR /usr/share/opensearch
VOLUME /usr/share/opensearch/data
ENTRYPOINT ["/bin/sh", "/start"]
"""
_OPENSEARCH_START = f"""set -e
tr '\\0' '\\n' </proc/1/environ | sed -n 's/^\\([a-z_.]*[.][a-z_.]*\\)=/\\1: /p' >/etc/opensearch/opensearch.yml
printf 'network.host: 0.0.0.0\\npath.data: /usr/share/opensearch/data\\n' >>/etc/opensearch/opensearch.yml
[ "$DISABLE_SECURITY_PLUGIN" = true ] || exit 3
exec jdk/bin/java $OPENSEARCH_JAVA_OPTS -XX:+UseSerialGC {opensearch_deb.OPENED} -cp 'lib:lib/*' Node /usr/share/opensearch/home
"""


def make(base: Path, folder: Path) -> None:
    """Put the images that compose.yaml and the Dockerfile name into the store of podman, where they are not there yet."""
    with subprocess.Popen(["tar", "-C", str(base), "-c", "."], stdout=subprocess.PIPE) as packed:
        done = subprocess.run(
            ["podman", "import", "-", _BASE], stdin=packed.stdout, capture_output=True, check=False
        )
    if done.returncode:
        raise WalkError(done.stderr.decode())
    deb = opensearch_deb.build(folder).read_bytes()
    _build("docker.io/library/python:3.11-slim", {"Dockerfile": _PYTHON.encode()})
    _build(
        "docker.io/library/postgres:15", {"Dockerfile": _POSTGRES.encode(), "start": _POSTGRES_START.encode()}
    )
    _build(
        "docker.io/opensearchproject/opensearch:2",
        {"Dockerfile": _OPENSEARCH.encode(), "start": _OPENSEARCH_START.encode(), "opensearch.deb": deb},
    )


def _build(name: str, files: dict[str, bytes]) -> None:
    if subprocess.run(["podman", "image", "exists", name], check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory() as context:
        for file, data in files.items():
            Path(context, file).write_bytes(data)
        host("podman", "build", "-q", "-t", name, context)
