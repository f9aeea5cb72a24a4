"""Too little memory is recognised as such, whichever library ran out of it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from child_process import run_python

from ArSSRLib.errors import EnvironmentFault, InputError, NotEnoughMemory
from ArSSRLib.running.memory import ended_out_of_memory, is_out_of_memory, shortage_expected

FAR_TOO_MUCH = 10**15


def _torch_on_the_cpu() -> object:
    return torch.empty(FAR_TOO_MUCH)


def _numpy() -> object:
    return np.ones(FAR_TOO_MUCH)


def _itk() -> object:
    return sitk.Image([100_000, 100_000, 100_000], sitk.sitkFloat64)


def _python() -> object:
    return bytes(FAR_TOO_MUCH)


@pytest.mark.parametrize("allocate", [_torch_on_the_cpu, _numpy, _itk, _python])
def test_what_a_library_raises_for_too_much_memory_is_recognised(allocate: object) -> None:
    with pytest.raises((RuntimeError, MemoryError)) as raised:
        allocate()  # type: ignore[operator]
    assert is_out_of_memory(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("MPS backend out of memory (MPS allocated: 6.2 GB)"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate "
                     "memory: you tried to allocate 1073741824 bytes."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("Unable to find a valid cuDNN algorithm to run convolution"),
        RuntimeError("FIND was unable to find an engine to execute this computation"),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        NotEnoughMemory("There is not enough memory for 'a.nii'"),
    ],
)  # fmt: skip
def test_other_systems_words_for_it_are_known(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        InputError("The file 'out of memory.nii' does not exist; check the name."),
        EnvironmentFault("The file 'not enough memory' cannot be written; free some space."),
        ImportError("libgomp.so.1: cannot allocate memory in static TLS block"),
        ValueError("out of memory"),
        OSError(28, "No space left on device"),
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)


def test_a_process_that_the_kernel_killed_ran_out_of_memory() -> None:
    child = run_python("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert ended_out_of_memory(child.returncode)
    assert ended_out_of_memory(-6, "terminate called after throwing 'std::bad_alloc'")
    assert not ended_out_of_memory(-11)
    assert not ended_out_of_memory(1, "arssr: The disk is full.")


def test_the_error_survives_the_way_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(NotEnoughMemory("There is not enough memory for 'a.nii'")))
    assert str(error) == (
        "There is not enough memory for 'a.nii'; close other programs, or choose a smaller scale "
        "or region."
    )
    other = pickle.loads(pickle.dumps(InputError("Choose a region.", argument="roi")))
    assert (str(other), other.argument) == ("Choose a region.", "roi")


def test_a_run_that_needs_more_than_there_is_gives_a_warning_with_both_amounts() -> None:
    assert shortage_expected(10**9, 10**9) == ""
    sentence = shortage_expected(2 * 10**9, 300 * 10**6)
    assert "2.0 GB" in sentence
    assert "0.3 GB" in sentence
    assert "region" in sentence
