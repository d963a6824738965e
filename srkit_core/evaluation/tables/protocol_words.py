"""How does a person read under which protocol figures were made?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

_SHOWN: Final = 12
"""How many digits of a digest a person is shown; files hold all of them."""


def protocol_words(protocol: Mapping[str, Any], *, short: bool = True) -> str:
    """Say a protocol in a line: scale, LR, what metrics see of which pictures, and whose metrics
    they are; digests by their first digits where it is `short`.
    """
    own = protocol.get("metric_protocols", {})
    seen = [_seen(protocol), *(f"{label} of {_seen(one)}" for label, one in own.items())]
    parts = [f"x{protocol['scale']}, {_lr(protocol, short)}", *seen]
    parts += [*_metrics(protocol, short), *_pictures(protocol, short), *_version(protocol)]
    return "; ".join(parts)


def own_words(protocol: Mapping[str, Any]) -> str:
    """Say what is a set's own where sets share a protocol: its pictures, and its LR files."""
    lr = f", LR {_digits(protocol['lr_sha256'], short=True)}" if "lr_sha256" in protocol else ""
    return "".join(_pictures(protocol, short=True)) + lr


def without_own(protocol: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what several sets share of a protocol."""
    return {name: one for name, one in protocol.items() if name not in ("pictures", "lr_sha256")}


def _lr(protocol: Mapping[str, Any], short: bool) -> str:
    if protocol["lr"] == "unknown":
        return "LR unknown"
    if protocol["lr"] == "made from HR":
        return f"LR by {protocol['kernel']}"
    digest = _digits(protocol.get("lr_sha256"), short)
    return f"LR as stored {digest}".rstrip()


def _seen(protocol: Mapping[str, Any]) -> str:
    channel = "luma" if protocol["channel"] == "y" else "RGB"
    crop = f", centre crop of {protocol['crop']}" if protocol.get("crop") else ""
    quantised = protocol.get("quantisation", "8 bit")
    exact = "" if quantised == "8 bit" else f", quantisation {quantised}"
    said = f", {quantised}{crop}" if not exact else f"{exact}{crop}"
    return f"{channel}, border {protocol['border']}{said}"


def _metrics(protocol: Mapping[str, Any], short: bool) -> Iterator[str]:
    """Yield the metrics of each distribution, with the networks that they read."""
    by_version, networks = defaultdict[str, list[str]](list), protocol.get("networks", {})
    for label, version in protocol.get("metrics", {}).items():
        read = [
            f"{name} {_digits(digest, short)}" for name, digest in networks.get(label, {}).items()
        ]
        by_version[version].append(f"{label} ({', '.join(read)})" if read else label)
    for version, labels in by_version.items():
        yield f"{' and '.join(labels)} of {version}"


def _pictures(protocol: Mapping[str, Any], short: bool) -> Iterator[str]:
    if pictures := protocol.get("pictures"):
        yield f"{pictures['count']} pictures {_digits(pictures['sha256'], short)}"


def _version(protocol: Mapping[str, Any]) -> Iterator[str]:
    """Yield how exactly models computed, where it was not in the usual way, and srkit's version
    where no metric has said it.
    """
    if protocol.get("precision", "float32") != "float32":
        yield f"models in {protocol['precision']}"
    srkit = f"srkit {protocol.get('srkit')}"
    if "srkit" in protocol and srkit not in protocol.get("metrics", {}).values():
        yield srkit


def _digits(digest: str | None, short: bool) -> str:
    return (digest or "")[: _SHOWN if short else None]
