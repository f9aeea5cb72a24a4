"""PyTorch: is it there and new enough, and installing it when the user agrees.

Only metadata is read here; torch itself is imported by the child process (or by a script's own
in-process run). Installing is the PyTorch extension's business.
"""

import importlib
import importlib.metadata
import re

import slicer
from slicer.i18n import tr as _

MINIMUM_VERSION = (2, 6)
MINIMUM = ".".join(str(number) for number in MINIMUM_VERSION)
REQUIREMENT = f">={MINIMUM}"


class TorchUnavailable(RuntimeError):
    """PyTorch cannot be used; the message tells the user what to do."""


def installedVersion() -> str:
    """Version of the installed torch, empty when there is none."""
    importlib.invalidate_caches()
    try:
        return importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return ""


def isNewEnough(version: str) -> bool:
    """
    >>> isNewEnough("2.13.0+cpu"), isNewEnough("1.13.1"), isNewEnough("2.6.0")
    (True, False, True)
    """
    return tuple(int(n) for n in re.findall(r"\d+", version)[:2]) >= MINIMUM_VERSION


def ensureTorch() -> None:
    """Returns when torch can be used; installs it first when it is missing and the user agrees.

    Raises:
        TorchUnavailable: too old, no PyTorch extension, declined, or the installation failed.
    """
    version = installedVersion()
    if version and isNewEnough(version):
        return
    if version:
        raise TorchUnavailable(
            _(
                "PyTorch {version} is too old; ArSSR needs {minimum} or newer. Open the module "
                "PyTorch Utils, uninstall PyTorch, restart Slicer and press Apply again."
            ).format(version=version, minimum=MINIMUM)
        )
    try:
        import PyTorchUtils
    except ImportError as error:
        raise TorchUnavailable(
            _(
                "PyTorch is not installed. Install the extension PyTorch in the Extensions "
                "Manager, restart Slicer and press Apply again."
            )
        ) from error
    _install(PyTorchUtils.PyTorchUtilsLogic())


def _install(logic) -> None:
    with slicer.util.WaitCursor():
        try:
            torch = logic.installTorch(askConfirmation=True, torchVersionRequirement=REQUIREMENT)
        except Exception as error:
            # Another extension's code, pip and the first import of a library just unpacked: no
            # list of what they raise would be complete.
            raise TorchUnavailable(
                _(
                    "PyTorch could not be installed ({error}). Check the network connection and "
                    "the free disk space, or install it with the module PyTorch Utils."
                ).format(error=error)
            ) from error
    if torch is None:
        raise TorchUnavailable(_("Upsampling needs PyTorch. Press Apply to install it."))
    if not isNewEnough(str(torch.__version__)):
        raise TorchUnavailable(
            _("PyTorch {version} was installed, but ArSSR needs {minimum} or newer.").format(
                version=torch.__version__, minimum=MINIMUM
            )
        )
