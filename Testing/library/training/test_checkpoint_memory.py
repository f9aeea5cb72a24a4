"""A sound checkpoint that does not fit into memory is not called damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ArSSRLib.errors import InputError, NotEnoughMemory
from ArSSRLib.training.state import LAST, TrainingState, load_state, save_state


@pytest.mark.parametrize(
    "shortage", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_too_little_memory_for_a_sound_checkpoint_does_not_advise_its_removal(
    shortage: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_state(TrainingState(step=3), tmp_path)

    def short(*_: object, **__: object) -> None:
        raise shortage

    monkeypatch.setattr(torch, "load", short)
    with pytest.raises(NotEnoughMemory) as raised:
        load_state(tmp_path)
    assert "remove" not in str(raised.value)
    monkeypatch.undo()
    state = load_state(tmp_path)
    assert state is not None and state.step == 3


def test_a_damaged_checkpoint_is_called_damaged(tmp_path: Path) -> None:
    save_state(TrainingState(step=3), tmp_path)
    whole = (tmp_path / LAST).read_bytes()
    (tmp_path / LAST).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="damaged"):
        load_state(tmp_path)
