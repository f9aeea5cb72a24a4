"""What lies in a folder, and whether it is still the same."""

from __future__ import annotations

from pathlib import Path


def files(folder: Path) -> list[str]:
    """Every file below a folder, sorted, with slashes."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """What changes of a file when it is written again, even with the same bytes, by its name."""
    stats = {name: (folder / name).stat() for name in files(folder)}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}
