"""Processes that are forked after their parent has upsampled can upsample too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
FORKING = """
import multiprocessing, numpy as np, sys
import ArSSRLib

low = np.random.default_rng(0).random((8, 9, 10), np.float32)

def upsampled(number):
    fine, _ = ArSSRLib.upsample(low, 2, model=sys.argv[1], device="cpu", precision="float32")
    return fine

if __name__ == "__main__":
    first = upsampled(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for other in pool.map(upsampled, [1, 2]):
            np.testing.assert_allclose(other, first, atol=1e-5)
    print("as in the parent")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_computes_and_says_that_it_uses_one_thread(
    tmp_path: Path, seeded_model_path: Path
) -> None:
    (tmp_path / "forking.py").write_text(FORKING)
    done = subprocess.run(
        [sys.executable, tmp_path / "forking.py", seeded_model_path],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"},
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.stdout == "as in the parent\n", done.stderr
    assert "computes on one thread" in done.stderr
