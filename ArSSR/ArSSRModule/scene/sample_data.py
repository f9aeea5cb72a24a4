"""Offers the bundled brain volume in Slicer's module Sample Data; nothing is downloaded."""

import hashlib
from pathlib import Path

from slicer.i18n import tr as _

CATEGORY = "ArSSR"
"""Where Slicer knows titles of categories (from 5.11 on); before, the title is the category."""
SAMPLE_NAME = "ArSSRBrainT1"
MODULE_FOLDER = Path(__file__).resolve().parent.parent.parent
THUMBNAIL = MODULE_FOLDER / "Resources" / "Icons" / "ArSSRBrainT1.png"


def registerSampleData() -> None:
    """Registers the sample in a separate section; Slicer copies the file and checks it."""
    import SampleData

    from ArSSRLib.sample import sample_path

    path = Path(sample_path())
    logic = SampleData.SampleDataLogic
    category, title = CATEGORY, _("MRI Super-Resolution (ArSSR)")
    if hasattr(logic, "registerCustomSampleDataCategory"):
        logic.registerCustomSampleDataCategory(category, title=title)
    else:
        category = title
    logic.registerCustomSampleDataSource(
        category=category,
        sampleName=SAMPLE_NAME,
        thumbnailFileName=str(THUMBNAIL),
        uris=path.resolve().as_uri(),
        fileNames=path.name,
        nodeNames=SAMPLE_NAME,
        checksums="SHA256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
    )
