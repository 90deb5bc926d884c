"""Walk the deployment guide: an office, its upgrade and way back, a city, a province; with what must hold after each."""

from __future__ import annotations

import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from tests.walk import compose, holds, images, opensearch_deb
from tests.walk.guide import GUIDE, MACHINES, Block, blocks
from tests.walk.machines import Machine, Network, WalkError, base_system
from tests.walk.versions import NEW, OLD, repository

_UPGRADE = "升级和退回"
_LOGS = "journalctl -o short-precise -n 25 -u kb -u nginx -u postgresql@15-main -u opensearch; tail -n 25 /var/log/nginx/error.log || true"


class Walk:
    """A walk with its machines; each step tells what it does and how long it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = repository(folder)
        self.machines = {n: Machine(n, a, folder, base_system(folder)) for n, a in MACHINES.items()}
        self.blocks = list(blocks(GUIDE.read_text()))
        self.blanks = {
            "本仓库的地址": "/srv/kb.git", "您的域名": "kb.example.gov.cn", "新版本": NEW, "旧版本": OLD,
            "数据库密码": secrets.token_hex(12), "搜索密码": secrets.token_hex(12),
            "kb user add 张三 --role admin": f"echo {holds.PASSWORD} | kb user add 张三 --role admin --password-stdin",
        }  # fmt: skip

    def boot(self, names: Sequence[str]) -> None:
        """Start machines, as whoever buys them hands them over."""
        for name in names:
            machine = self.machines[name]
            machine.start({n: MACHINES[n] for n in names})
            shutil.copytree(self.repository, machine.root / "srv/kb.git", dirs_exist_ok=True)
            print(f"-- {name} is up", flush=True)

    def section(self, heading: str, machines: Sequence[str], then: Callable[[], None] = lambda: None) -> None:
        """Run the blocks under a heading that are for these machines, and something after each."""
        for block in self.blocks:
            if block.heading.startswith(heading) and (on := [m for m in block.machines if m in machines]):
                self._run(block, on)
                then()

    def _run(self, block: Block, machines: Sequence[str]) -> None:
        for name in machines:
            begun = time.monotonic()
            self.machines[name].run(block.filled(self.blanks))
            print(f"{time.monotonic() - begun:6.1f} s  {name}: {block.text.splitlines()[0][:90]}", flush=True)

    def hold(self, told: str, check: Callable[..., str], *given: object) -> None:
        """Check that something holds. Raises WalkError where it does not."""
        print(f"   ok  {told}: {check(*given)}", flush=True)

    def tell(self) -> None:
        """Print what the machines that run have logged last."""
        for name, machine in self.machines.items():
            if machine.is_up:
                print(f"== {name}\n{machine.run(_LOGS)}", flush=True)

    def end(self) -> None:
        """Nothing of the machines stays."""
        for machine in self.machines.values():
            machine.remove()


def office(walk: Walk) -> None:
    """One machine: an office, an upgrade and the way back, then a city."""
    walk.boot(["office"])
    one = walk.machines["office"]
    walk.section("一个单位", ["office"])
    walk.hold("serves through nginx with TLS", holds.answers, one, "kb.example.gov.cn")
    walk.hold("timers", holds.timers, one)
    walk.hold("nightly routine", holds.nightly, one)
    walk.hold("rolls over while it is asked", holds.rolls_over, one)
    walk.hold("comes back after a kill", holds.comes_back, one)
    walk.section(_UPGRADE, ["office"], lambda: walk.hold("whole", holds.is_whole, one))
    walk.section("一个市", ["office"])
    walk.hold("serves from PostgreSQL", holds.answers, one, "kb.example.gov.cn")
    walk.hold("whole", holds.is_whole, one)
    one.stop()
    one.start({"office": MACHINES["office"]})
    walk.hold("serves after a restart of the machine", holds.answers, one, "kb.example.gov.cn")
    one.stop()


def province(walk: Walk) -> None:
    """Seven machines, then what may break."""
    names = [name for name in MACHINES if name != "office"]
    walk.boot(names)
    for node in ("search1", "search2", "search3"):  # the real package brings its own Java
        shutil.copy(opensearch_deb.build(walk.folder), walk.machines[node].root / "srv")
        walk.machines[node].run(
            "apt-get update && apt-get install -y --no-install-recommends default-jre-headless"
        )
    walk.section("一个省", names)
    at = walk.machines
    walk.hold("serves through the proxy", holds.answers, at["proxy"], "kb.example.gov.cn")
    walk.hold("cluster", holds.cluster, at["app1"], walk.blanks["搜索密码"])
    walk.hold("other machines are kept out", holds.kept_out, at["db"], MACHINES["app1"])
    walk.hold("one sign-in on both machines", holds.one_sign_in, at["app1"], at["app2"])
    walk.hold("a change on app1 is found on app2", holds.sees_change, at["app1"], at["app2"])
    walk.hold("a search machine loses power", holds.asked_while, at["proxy"], at["search2"])
    walk.hold("an application machine loses power", holds.asked_while, at["proxy"], at["app2"])
    for name in ("search2", "app2"):
        at[name].start({n: MACHINES[n] for n in names})
    walk.hold("app2 is back", holds.ready, at["app2"])
    walk.hold("cluster", holds.cluster, at["app1"], walk.blanks["搜索密码"])

    def upgrade() -> None:
        time.sleep(15)  # nginx finds out by the first requests that app2 is back
        walk.section(_UPGRADE, ["app1", "app2"])

    walk.hold("upgrade, one machine after the other", holds.asked_during, at["proxy"], upgrade)
    walk.hold("whole", holds.is_whole, at["app1"])


def containers(walk: Walk) -> None:
    """compose.yaml with podman on this machine, then a search node that is killed."""
    images.make(base_system(walk.folder), walk.folder)
    with compose.Stack(walk.blanks["数据库密码"]) as stack:
        walk.hold("serves", stack.answers)
        walk.hold("a search node is killed", stack.asked_while, "search2")
        walk.hold("whole", stack.is_whole)


PARTS = {"office": office, "province": province, "containers": containers}


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--folder", type=click.Path(path_type=Path), default="/var/lib/kb-walk", show_default=True)
def main(parts: Sequence[str], folder: Path) -> None:
    """Walk PARTS, by default all; the base system and downloads are kept in the folder."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing of the machines stays
    folder.mkdir(parents=True, exist_ok=True)
    walk = Walk(folder)
    begun = time.monotonic()
    try:
        with Network():
            for part in parts or PARTS:
                PARTS[part](walk)
    except WalkError as error:
        print(f"FAILED  {error}", flush=True)
        walk.tell()
        sys.exit(1)
    finally:
        walk.end()
    print(f"walked in {(time.monotonic() - begun) / 60:.0f} min", flush=True)


if __name__ == "__main__":
    main()
