"""``SampleData``: registers data sets and loads the ones with a local address."""

from __future__ import annotations

import hashlib
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import slicer


class SampleDataLogic:
    """The registration and loading that the module uses, with the checksum really checked."""

    @staticmethod
    def registerCustomSampleDataCategory(category: str, title: str) -> None:
        categories = vars(slicer.modules).setdefault("sampleDataSourceCategories", {})
        categories.setdefault(category, {})["title"] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category: str,
        sampleName: str,
        uris: str,
        fileNames: str,
        nodeNames: str,
        checksums: str,
        thumbnailFileName: str | None = None,
        loadFileType: str | None = None,
    ) -> None:
        sources = vars(slicer.modules).setdefault("sampleDataSources", {})
        source = SimpleNamespace(
            sampleName=sampleName,
            uri=uris,
            fileName=fileNames,
            nodeName=nodeNames,
            checksum=checksums,
            thumbnailFileName=thumbnailFileName,
        )
        if source not in sources.setdefault(category, []):
            sources[category].append(source)

    def downloadSample(self, sampleName: str) -> Any:
        sources = [s for group in slicer.modules.sampleDataSources.values() for s in group]
        source = next(s for s in sources if s.sampleName == sampleName)
        target = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory(), source.fileName)
        urllib.request.urlretrieve(source.uri, target)
        algorithm, digest = source.checksum.split(":")
        if hashlib.new(algorithm.lower(), target.read_bytes()).hexdigest() != digest:
            raise ValueError(f"The checksum of {target} is not {digest}.")
        return slicer.util.loadVolume(str(target), {"name": source.nodeName})


def downloadSample(sampleName: str) -> Any:
    return SampleDataLogic().downloadSample(sampleName)
