"""The models a user can choose: the bundled ones and those installed from files."""

import filecmp
import itertools
import os
import shutil
import tempfile
from pathlib import Path

import qt


def installedFolder() -> Path:
    """Folder of the models that this user installed; it does not exist before the first one."""
    base = qt.QStandardPaths.writableLocation(qt.QStandardPaths.AppDataLocation)
    return Path(str(base)) / "ArSSR" / "models"


def availableModels() -> list:
    """Bundled models first, then installed ones; damaged installed files are left out."""
    from ArSSRLib.networks.catalogue import bundled_models, model_info

    models = list(bundled_models())
    for path in sorted(installedFolder().glob("*.npz")):
        try:
            models.append(model_info(path))
        except ValueError:
            continue
    return models


def installModel(path: str) -> str:
    """Copies a model file among the installed ones and returns its new path.

    Another model of that name stays, since scenes name it: the new one gets a number. A file that
    is there already is not copied again.

    Raises:
        ValueError: the file is not a model that can upsample here, such as a baseline network.
        OSError: it cannot be copied.
    """
    from ArSSRLib.networks.catalogue import model_info

    model_info(path)
    folder = installedFolder()
    folder.mkdir(parents=True, exist_ok=True)
    target = _place(Path(path), folder)
    if not target.exists():
        _copy(path, target)
    return str(target)


def _place(source: Path, folder: Path) -> Path:
    """The first of best.npz, best-2.npz, … that is free or has the same content."""
    numbered = (f"{source.stem}-{number}" for number in itertools.count(2))
    places = (folder / f"{stem}.npz" for stem in itertools.chain([source.stem], numbered))
    return next(p for p in places if not p.exists() or filecmp.cmp(source, p, shallow=False))


def _copy(source: str, target: Path) -> None:
    """Whole or not at all: the folder's other entries are models that a panel lists."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        part = Path(folder) / target.name
        shutil.copyfile(source, part)
        os.replace(part, target)
