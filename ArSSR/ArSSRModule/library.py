"""Where the Python package ArSSRLib is, and how to run its command line in a child process."""

import os
import shutil
import sys
from pathlib import Path

import slicer


def libraryFolder() -> Path:
    """The folder that holds the package: the module's own when installed, else the one above it.

    Raises:
        RuntimeError: the package is in neither place.
    """
    moduleFolder = Path(__file__).resolve().parent.parent
    for folder in (moduleFolder, moduleFolder.parent):
        if (folder / "ArSSRLib" / "__init__.py").is_file():
            return folder
    raise RuntimeError(
        f"The folder ArSSRLib is missing beside {moduleFolder}; install the ArSSR extension again."
    )


def makeImportable() -> None:
    """Lets ``import ArSSRLib`` find the package that belongs to this module, before any other.

    Slicer appends the module's folder to the path, behind what pip may have installed.
    """
    folder = str(libraryFolder())
    if sys.path[0] != folder:
        sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]


def notForClinicalUse() -> str:
    """The warning that the panel, the module's help and the results show."""
    from ArSSRLib.choices import NOT_FOR_CLINICAL_USE

    return NOT_FOR_CLINICAL_USE


def pythonExecutable() -> str:
    """Slicer's Python interpreter, which runs without a window.

    Raises:
        RuntimeError: Slicer's installation has none.
    """
    found = shutil.which("PythonSlicer")
    if not found:
        suffix = ".exe" if os.name == "nt" else ""
        candidate = Path(str(slicer.app.slicerHome), "bin", "PythonSlicer" + suffix)
        found = str(candidate) if candidate.is_file() else None
    if not found:
        raise RuntimeError("PythonSlicer is missing from the installation; install Slicer again.")
    return found


def childEnvironment() -> dict[str, str]:
    """The environment of a child process: this one, the library's folder added, text as UTF-8.

    The child finds the library by its working folder, :func:`libraryFolder`, which Python puts
    first on its path with ``-m`` and ``-c``: Slicer's launcher may reset PYTHONPATH.
    """
    environment = dict(os.environ)
    inherited = environment.get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(libraryFolder()), inherited]))
    environment["PYTHONUTF8"] = "1"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def commandLine(arguments: list[str]) -> list[str]:
    """The command that runs ArSSRLib's command line with ``arguments``."""
    return [pythonExecutable(), "-m", "ArSSRLib", *arguments]
