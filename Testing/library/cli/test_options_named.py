"""Errors name the options of the command that was given, and never advise what was done already."""

from __future__ import annotations

import argparse

import pytest

from ArSSRLib.cli.outcome import memory_advice, options_named
from ArSSRLib.errors import ArSSRError, EnvironmentFault, InputError, NotEnoughMemory


def _sentence(error: Exception, **options: object) -> str:
    with pytest.raises(ArSSRError) as raised, options_named(argparse.Namespace(**options)):
        raise error
    return str(raised.value)


def test_an_error_names_the_option_that_remedies_it() -> None:
    error = InputError("The result is too large; choose a region.", argument="roi")
    assert _sentence(error, roi=None) == "The result is too large; choose a region (--roi)."


def test_an_option_that_the_command_does_not_have_is_not_named() -> None:
    error = InputError("The result is too large; choose a region.", argument="roi")
    assert _sentence(error, scale=2.0) == "The result is too large; choose a region."


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory"), NotEnoughMemory()]
)
def test_too_little_memory_ends_with_advice_for_this_command(error: Exception) -> None:
    sentence = _sentence(error, scale=2.0, roi=None, jobs=None)
    assert sentence == "There is not enough memory; use a smaller scale or a region (--roi)."


def test_what_there_is_not_enough_memory_for_is_named() -> None:
    sentence = _sentence(NotEnoughMemory("There is not enough memory for 'a.nii'"), workers=2)
    assert sentence == "There is not enough memory for 'a.nii'; use --workers 0."


def test_the_advice_does_not_repeat_what_was_done() -> None:
    assert "--jobs" not in memory_advice({"jobs": 1, "scale": 2.0})
    assert "--workers" not in memory_advice({"workers": 0})
    assert "smaller region" in memory_advice({"roi": (0, 0, 0, 1, 1, 1)})


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), options_named(argparse.Namespace(roi=None)):
        raise ZeroDivisionError
    assert _sentence(EnvironmentFault("The disk is full."), roi=None) == "The disk is full."
