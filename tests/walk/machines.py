"""Machines for a walk: Debian with its own systemd, network and address, all above one base system."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

BRIDGE = "kbwalk0"
_GATEWAY, _NETWORK = "10.0.0.1", "10.0.0.0/24"
_PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,iproute2,procps,curl,openssl,openssh-server,openssh-client,locales"
_HOST_ETC = ("resolv.conf", "pip.conf", "ssl/certs/ca-certificates.crt")
_BOOT = 90.0


class WalkError(Exception):
    """A command of the guide failed, or a machine did not come up."""


def host(*command: str) -> str:
    """Run a command on this machine; gives what it printed. Raises WalkError."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WalkError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def base_system(folder: Path) -> Path:
    """The system below all machines: Debian's smallest with systemd and ssh, made once and kept in ``folder``."""
    base = folder / "base"
    if not base.exists():
        drafted = folder / "base.draft"
        shutil.rmtree(drafted, ignore_errors=True)
        host("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(drafted))
        _like_host(drafted)
        _let_in(drafted)
        drafted.rename(base)
    return base


def _like_host(root: Path) -> None:
    """Names, certificates and package sources as this machine has them."""
    for name in _HOST_ETC:
        if (file := Path("/etc", name)).exists():
            (root / "etc" / name).unlink(missing_ok=True)
            shutil.copy(file, root / "etc" / name)
    for file in Path("/etc/apt/apt.conf.d").glob("*"):
        if file.name.startswith("99"):
            shutil.copy(file, root / "etc/apt/apt.conf.d")
    (root / "etc/apt/sources.list").write_text(
        "deb http://deb.debian.org/debian bookworm main\n"
        "deb http://deb.debian.org/debian bookworm-updates main\n"
        "deb http://deb.debian.org/debian-security bookworm-security main\n"
    )


def _let_in(root: Path) -> None:
    """One key with which root gets from each machine to each, and an address at each start."""
    ssh = root / "root/.ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    host("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(ssh / "id_ed25519"))
    shutil.copy(ssh / "id_ed25519.pub", ssh / "authorized_keys")
    (ssh / "config").write_text("Host *\n    StrictHostKeyChecking accept-new\n    LogLevel ERROR\n")
    units = root / "etc/systemd/system/multi-user.target.wants"
    (units / "systemd-networkd.service").symlink_to("/lib/systemd/system/systemd-networkd.service")


class Network:
    """A bridge between the machines, with a way out for package registries."""

    def __enter__(self) -> Network:
        self._leave()
        host("ip", "link", "add", BRIDGE, "type", "bridge")
        host("ip", "address", "add", f"{_GATEWAY}/24", "dev", BRIDGE)
        host("ip", "link", "set", BRIDGE, "up")
        host("sysctl", "-qw", "net.ipv4.ip_forward=1", "vm.max_map_count=262144")
        host("iptables", "-t", "nat", "-A", *self._rule())
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    @staticmethod
    def _rule() -> tuple[str, ...]:
        return ("POSTROUTING", "-s", _NETWORK, "!", "-d", _NETWORK, "-j", "MASQUERADE")

    def _leave(self) -> None:
        for command in (("ip", "link", "delete", BRIDGE), ("iptables", "-t", "nat", "-D", *self._rule())):
            subprocess.run(command, capture_output=True, check=False)


class Machine:
    """One machine: its files lie above the base system and are gone with the walk."""

    def __init__(self, name: str, address: str, folder: Path, base: Path) -> None:
        self.name, self.address = name, address
        self._folder, self._base = folder / name, base
        self.root = self._folder / "root"
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    @property
    def is_up(self) -> bool:
        """Whether it was started and not stopped."""
        return self._leader != 0

    def start(self, hosts: Mapping[str, str]) -> None:
        """Boot, and wait until systemd has started everything."""
        if not self.root.is_mount():
            self._lay_out(hosts)
        with (self._folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", f"--directory={self.root}",
                 f"--machine={self.name}", f"--network-bridge={BRIDGE}", "--resolv-conf=off"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + _BOOT
        while time.monotonic() < until and self._process.poll() is None:
            self._leader = self._leader or _child_of(self._process.pid)
            state = self._inside("systemctl", "is-system-running").stdout.strip() if self._leader else ""
            if state in ("running", "degraded"):
                return
            time.sleep(0.5)
        raise WalkError(f"{self.name} does not boot: {(self._folder / 'console').read_text()[-2000:]}")

    def _lay_out(self, hosts: Mapping[str, str]) -> None:
        for part in ("upper", "work", "root"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={self._base},upperdir={self._folder}/upper,workdir={self._folder}/work"
        host("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        etc = self.root / "etc"
        (etc / "hostname").write_text(f"{self.name}\n")
        lines = [f"{address} {name}" for name, address in hosts.items()]
        (etc / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
        (etc / "systemd/network/10-host0.network").write_text(
            f"[Match]\nName=host0\n[Network]\nAddress={self.address}/24\nGateway={_GATEWAY}\nLinkLocalAddressing=no\n"
        )

    def run(self, commands: str) -> str:
        """Run commands as root in a shell that stops at the first failure; gives what they printed. Raises WalkError."""
        done = self._inside("/bin/bash", "-euo", "pipefail", "-c", commands)
        if done.returncode:
            raise WalkError(
                f"{self.name}: exit {done.returncode}\n{commands}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done.stdout

    def _inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                 "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}  # fmt: skip
        return subprocess.run(
            ["nsenter", "--target", str(self._leader), "--all", "--wdns=/root", *command],
            env=clean, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def stop(self, *, kill: bool = False) -> None:
        """Shut down; ``kill`` is a power cut."""
        if self._process is None:
            return
        if kill:
            os.kill(self._leader, signal.SIGKILL)
        else:
            self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process, self._leader = None, 0

    def remove(self) -> None:
        """Stop and forget it with all its files."""
        self.stop(kill=True)
        if self.root.is_mount():
            host("umount", str(self.root))
        shutil.rmtree(self._folder, ignore_errors=True)


def _child_of(process: int) -> int:
    """The first process of a machine, 0 before it is there."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(listed[0]) if listed else 0
