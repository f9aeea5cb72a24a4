"""Rewrites the lists of files in ArSSR/CMakeLists.txt and ArSSRLib/CMakeLists.txt.

    python Testing/host/update_cmake_lists.py

Slicer ships only what is listed there; run this after adding, renaming or removing a file.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LISTS = {
    "ArSSR": ("MODULE_PYTHON_SCRIPTS", "MODULE_PYTHON_RESOURCES"),
    "ArSSRLib": ("LIBRARY_SCRIPTS", "LIBRARY_RESOURCES"),
}


def shipped_files(folder: Path) -> list[str]:
    """Every file that users need, relative to ``folder``, sorted."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.name != "CMakeLists.txt"
        and not path.name.startswith(".")
    )


def with_list(text: str, name: str, files: list[str]) -> str:
    """``text`` with the CMake variable ``name`` set to ``files``."""
    lines = "".join(f"  {file}\n" for file in files)
    changed, count = re.subn(
        rf"^set\({name}\n.*?^  \)$", f"set({name}\n{lines}  )", text, flags=re.DOTALL | re.MULTILINE
    )
    if count != 1:
        raise RuntimeError(f"There is no list {name} to rewrite.")
    return changed


def main() -> None:
    for folder, (scripts, resources) in LISTS.items():
        path = ROOT / folder / "CMakeLists.txt"
        files = shipped_files(ROOT / folder)
        text = with_list(
            path.read_text(encoding="utf-8"), scripts, [f for f in files if f.endswith(".py")]
        )
        text = with_list(text, resources, [f for f in files if not f.endswith(".py")])
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {len(files)} files")


if __name__ == "__main__":
    main()
