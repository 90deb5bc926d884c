"""Settings of what can be watched from outside: the log of requests, and who may read the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from kb.errors import SettingsError

Network = IPv4Network | IPv6Network
LOGS = ("off", "text", "json")


@dataclass(frozen=True, slots=True)
class Watching:
    """``log`` is "off" (warnings and errors only), "text" or "json"; ``readers`` may see ``/metrics``."""

    log: str = "off"
    readers: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1"))

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Watching:
        """``KB_LOG`` and ``KB_METRICS_FROM``. Raises SettingsError."""
        log = environ.get("KB_LOG", "").strip().lower() or LOGS[0]
        if log not in LOGS:
            raise SettingsError("KB_LOG", f"“{log[:40]}”应是 {'、'.join(LOGS)} 之一")
        given = environ.get("KB_METRICS_FROM", "").replace(",", " ").split()
        return cls(log, tuple(map(_network, given)) if given else cls().readers)

    def may_read(self, address: str) -> bool:
        """Whether the metrics are for whoever asks from an address."""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.readers)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise SettingsError(
            "KB_METRICS_FROM", f"“{text[:60]}”不是地址或网段，应像 10.0.0.5 或 10.0.0.0/24"
        ) from None
