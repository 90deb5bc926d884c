"""What must hold on the machines after parts of the walk; each check gives what it saw or raises WalkError."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

from tests.walk.machines import Machine, WalkError

PASSWORD = "walked-in-2026-on-foot"
_OWN = "http://127.0.0.1:8000"
_PATIENCE = 180
_WORD = "鸽舍"


def answers(machine: Machine, name: str) -> str:
    """The search of the pages' address, asked through nginx on this machine."""
    address = f"https://{name}/api/v1/search?q={quote('修路')}"
    asked = f"curl -sf --max-time 20 --cacert /etc/ssl/kb/fullchain.pem --resolve {name}:443:127.0.0.1 '{address}'"
    found = json.loads(_until(machine, asked))
    if not found["hits"]:
        raise WalkError(f"nothing found: {found}")
    return f"修路 finds {found['hits'][0]['name']}"


def ready(machine: Machine) -> str:
    """The program on this machine takes requests."""
    return _until(machine, f"curl -sf --max-time 20 {_OWN}/readyz").strip()


def timers(machine: Machine) -> str:
    """Backup and nightly routine are planned, and a backup is there."""
    planned = machine.run("systemctl list-timers --no-legend 'kb-*'")
    if "kb-backup.timer" not in planned or "kb-nightly.timer" not in planned:
        raise WalkError(planned)
    return machine.run("ls -sh /var/lib/kb/backups").strip().replace("\n", ", ")


def nightly(machine: Machine) -> str:
    """The nightly routine ends well as systemd runs it."""
    machine.run("systemctl start kb-nightly.service")
    return machine.run("journalctl -u kb-nightly.service -o cat | tail -3").strip().replace("\n", " / ")


def is_whole(machine: Machine) -> str:
    """``kb check`` finds nothing wrong."""
    ready(machine)
    return machine.run("kb check 2>&1").strip().replace("\n", " / ")[-200:]


def rolls_over(machine: Machine) -> str:
    """``systemctl reload kb`` fails no request."""

    def reload() -> None:
        machine.run("systemctl reload kb")
        time.sleep(40)

    return _asked_during(machine, f"{_OWN}/search?q=%E4%BF%AE%E8%B7%AF", reload)


def comes_back(machine: Machine) -> str:
    """systemd starts the service again after its main process was killed."""
    before = machine.run("systemctl show -p MainPID --value kb").strip()
    machine.run(f"kill -9 {before}")
    ready(machine)
    after = machine.run("systemctl show -p MainPID --value kb").strip()
    if after == before:
        raise WalkError("the main process was not killed")
    return "it does"


def cluster(machine: Machine, password: str) -> str:
    """All three nodes, green, seen with the program's own account."""
    asked = (
        f"curl -sf --cacert /etc/kb-search-ca.pem -u kb:{password} "
        "'https://search1:9200/_cluster/health?wait_for_status=green&wait_for_nodes=3&timeout=60s'"
    )
    health = json.loads(_until(machine, asked))
    return f"{health['status']}, {health['number_of_nodes']} nodes, {health['active_shards']} shards"


def kept_out(machine: Machine, address: str) -> str:
    """A machine that is not the proxy gets no answer from an application machine."""
    done = machine.run(f"curl -s --max-time 5 http://{address}:8000/healthz || echo refused").strip()
    if done != "refused":
        raise WalkError(f"answered: {done}")
    return done


def one_sign_in(first: Machine, second: Machine) -> str:
    """A session opened on one machine is known on the other."""
    jar = "/tmp/jar"
    first.run(
        f"page=$(curl -sf -c {jar} {_OWN}/login)\n"
        'token=$(printf \'%s\' "$page" | grep -o \'name="form_token" value="[^"]*"\' | head -1 | cut -d\'"\' -f4)\n'
        f"curl -sf -b {jar} -c {jar} --data-urlencode form_token=$token --data-urlencode name=张三 "
        f"--data-urlencode password={PASSWORD} {_OWN}/login >/dev/null"
    )
    first.run(f"scp -q {jar} {second.name}:{jar}")
    codes = [
        m.run(f"curl -s -o /dev/null -w '%{{http_code}}' -b {jar} {_OWN}/admin") for m in (first, second)
    ]
    if codes != ["200", "200"]:
        raise WalkError(f"/admin answers {codes}")
    return "/admin answers on both"


def sees_change(first: Machine, second: Machine) -> str:
    """What is loaded on one machine is found on the other at once, and gone when it is undone."""
    first.run(
        f"printf '指标名称,指标解释,计量单位\\n广场{_WORD}维护数量,本年维护的广场{_WORD}个数,个\\n' >/tmp/rows.csv"
    )
    told = json.loads(first.run("kb load /tmp/rows.csv --set 试走 --json"))
    begun = time.monotonic()
    asked = f"curl -sf '{_OWN}/api/v1/search?q={quote(_WORD)}'"
    _until(second, f"{asked} | grep {_WORD}维护数量")
    seconds = time.monotonic() - begun
    first.run(f"kb undo {told['batch']}")
    _until(second, f"! {asked} | grep {_WORD}维护数量")
    return f"after {seconds:.1f} s"


def asked_while(proxy: Machine, victim: Machine) -> str:
    """A machine that loses power costs nobody an answer."""

    def cut() -> None:
        time.sleep(5)
        victim.stop(kill=True)
        time.sleep(40)

    return asked_during(proxy, cut)


def asked_during(proxy: Machine, deed: Callable[[], object]) -> str:
    """Searches through the proxy all the while that something is done; none of them may fail."""
    name = "kb.example.gov.cn"
    return _asked_during(
        proxy, f"--insecure --resolve {name}:443:127.0.0.1 https://{name}/search?q=%E4%BF%AE%E8%B7%AF", deed
    )


def _asked_during(machine: Machine, address: str, deed: Callable[[], object]) -> str:
    file = "/tmp/asked"
    machine.run(f"touch {file}.on; : >{file}")
    loop = (
        f"while [ -e {file}.on ]; do curl -s -o /dev/null --max-time 60 -w '%{{http_code}} %{{time_total}}\\n' "
        f"{address} >>{file} || true; sleep 0.1; done"
    )
    askers = [threading.Thread(target=machine.run, args=(loop,)) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        deed()
    finally:
        machine.run(f"rm {file}.on")
        for asker in askers:
            asker.join()
    lines = [line.split() for line in machine.run(f"cat {file}").splitlines()]
    failed = [code for code, _ in lines if code != "200"]
    if failed or len(lines) < 20:
        raise WalkError(f"{len(failed)} of {len(lines)} requests failed: {sorted(set(failed))}")
    return (
        f"{len(lines)} requests, none failed, the longest {max(float(seconds) for _, seconds in lines):.1f} s"
    )


def _until(machine: Machine, command: str) -> str:
    """What a command prints as soon as it succeeds. Raises WalkError where it does not for three minutes."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return machine.run(command)
        except WalkError:
            if time.monotonic() > end:
                log = machine.run("journalctl -o cat -n 30 -u kb.service -u nginx.service 2>&1 || true")
                raise WalkError(f"{machine.name}: never: {command}\n{log}") from None
            time.sleep(1)
