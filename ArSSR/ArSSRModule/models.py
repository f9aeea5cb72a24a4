"""The models a user can choose: the bundled ones and those installed from files."""

import shutil
from pathlib import Path

import qt

from . import library


def installedFolder() -> Path:
    """Folder of the models that this user installed; there is none before the first one."""
    base = qt.QStandardPaths.writableLocation(qt.QStandardPaths.AppDataLocation)
    return Path(str(base)) / "ArSSR" / "models"


def availableModels() -> list:
    """Bundled models first, then installed ones; damaged installed files are left out."""
    library.makeImportable()
    from ArSSRLib.catalogue import bundled_models, model_info

    models = list(bundled_models())
    for path in sorted(installedFolder().glob("*.npz")):
        try:
            models.append(model_info(path))
        except ValueError:
            continue
    return models


def installModel(path: str) -> str:
    """Copies a model file among the installed ones and returns its new path.

    Raises:
        ValueError: the file is not an ArSSR model.
        OSError: it cannot be copied.
    """
    library.makeImportable()
    from ArSSRLib.catalogue import model_info

    model_info(path)
    folder = installedFolder()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / Path(path).name
    if Path(path).resolve() != target.resolve():
        shutil.copyfile(path, target)
    return str(target)
