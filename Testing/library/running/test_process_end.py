"""Why a process ended is read from its exit code and its own sentence, not from other output."""

from __future__ import annotations

import pytest

from ArSSRLib.running.process_end import Ended, process_end

NOISE = "/lib/torch.py:3: UserWarning: deprecated\n  warn(text)\n"


@pytest.mark.parametrize(
    ("code", "text", "end"),
    [
        (0, NOISE, Ended(0)),
        (2, "arssr: There is no file 'a.nii'.\n" + NOISE,
         Ended(2, "There is no file 'a.nii'.")),
        (2, "arssr: The scale is 0.\narssr: warning: The file is odd.\n",
         Ended(2, "The scale is 0.")),
        (130, "arssr: Cancelled; nothing was written.\n",
         Ended(130, "Cancelled; nothing was written.")),
        (-15, "", Ended(130)),
        (-2, "", Ended(130)),
        (1, NOISE, Ended(1)),
        (-11, "arssr: warning: The file is odd.\n", Ended(1)),
        (-9, "arssr: warning: The file is odd.\n", Ended(1, out_of_memory=True)),
        (137, "", Ended(1, out_of_memory=True)),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'\n",
         Ended(1, out_of_memory=True)),
    ],
)  # fmt: skip
def test_how_a_process_ended(code: int, text: str, end: Ended) -> None:
    assert process_end(code, text) == end
