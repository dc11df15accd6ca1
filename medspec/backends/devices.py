"""Where models run, as `--device` says it: `auto`, `cpu`, `cuda`, `cuda:1`, or several of one kind, `cuda:0,cuda:1`."""

from __future__ import annotations

from medspec.errors import UsageError

KINDS = ("auto", "cpu", "cuda")


def read_devices(asked: str) -> tuple[str, ...]:
    """The devices that are named, one by one: `cuda:0,cuda:1` -> `("cuda:0", "cuda:1")`.

    Raises `UsageError` for one that does not exist, and for several kinds at once: which row runs where depends on the
    other rows, and a processor and a GPU round differently, so that a reply would depend on them too.
    """
    devices = tuple(word.strip() for word in asked.split(","))
    for device in devices:
        read_device(device)
    kinds = {read_device(device)[0] for device in devices}
    if len(devices) > 1 and (len(kinds) > 1 or "auto" in kinds):
        raise UsageError(f"device {asked!r}: several devices are of one kind, such as `cuda:0,cuda:1` or `cpu,cpu`")
    return devices


def read_device(device: str) -> tuple[str, int]:
    """The kind of a device and which of its kind: `cuda:1` -> `("cuda", 1)`. Raises `UsageError`."""
    kind, colon, number = device.partition(":")
    counted = number.isascii() and number.isdecimal() and len(number) < 4
    if kind not in KINDS or (colon and not (kind == "cuda" and counted)):
        raise UsageError(
            f"device {device!r} does not exist; choose one of {', '.join(KINDS)}, `cuda:1`, or several: `cuda:0,cuda:1`"
        )
    return kind, int(number) if colon else 0
