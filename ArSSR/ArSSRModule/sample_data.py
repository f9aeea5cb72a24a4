"""Offers the bundled brain volume in Slicer's module Sample Data; nothing is downloaded."""

import hashlib
from pathlib import Path

from slicer.i18n import tr as _

from . import library

CATEGORY = "ArSSR"
SAMPLE_NAME = "ArSSRBrainT1"
THUMBNAIL = Path(__file__).resolve().parent.parent / "Resources" / "Icons" / "ArSSRBrainT1.png"


def registerSampleData() -> None:
    """Registers the sample under its own category; Slicer copies the file and checks it."""
    import SampleData

    library.makeImportable()
    from ArSSRLib.sample import sample_path

    path = Path(sample_path())
    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):  # new in Slicer 5.11
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("MRI Super-Resolution (ArSSR)"))
    logic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=SAMPLE_NAME,
        thumbnailFileName=str(THUMBNAIL),
        uris=path.resolve().as_uri(),
        fileNames=path.name,
        nodeNames=SAMPLE_NAME,
        checksums="SHA256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
    )
