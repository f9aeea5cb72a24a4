"""Why a process ended is read from its exit code and its own sentence, not from other output."""

from __future__ import annotations

import pytest

from ArSSRLib.running.process_end import ProcessEnd, process_end

NOISE = "/lib/torch.py:3: UserWarning: deprecated\n  warn(text)\n"


@pytest.mark.parametrize(
    ("code", "text", "end"),
    [
        (0, NOISE, ProcessEnd(0)),
        (2, "arssr: There is no file 'a.nii'.\n" + NOISE,
         ProcessEnd(2, "There is no file 'a.nii'.")),
        (2, "arssr: The scale is 0.\narssr: warning: The file is odd.\n",
         ProcessEnd(2, "The scale is 0.")),
        (130, "arssr: Cancelled; nothing was written.\n",
         ProcessEnd(130, "Cancelled; nothing was written.")),
        (-15, "", ProcessEnd(130)),
        (-2, "", ProcessEnd(130)),
        (1, NOISE, ProcessEnd(1)),
        (-11, "arssr: warning: The file is odd.\n", ProcessEnd(1)),
        (-9, "arssr: warning: The file is odd.\n", ProcessEnd(1, out_of_memory=True)),
        (137, "", ProcessEnd(1, out_of_memory=True)),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'\n",
         ProcessEnd(1, out_of_memory=True)),
    ],
)  # fmt: skip
def test_how_a_process_ended(code: int, text: str, end: ProcessEnd) -> None:
    assert process_end(code, text) == end
