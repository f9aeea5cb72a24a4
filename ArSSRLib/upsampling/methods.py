"""The names of the ways to upsample."""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["arssr", "cubic", "linear", "nearest"]
METHODS: tuple[Method, ...] = get_args(Method)
"""``arssr`` is the network, ``cubic`` the B-spline of order 3, all on the same output grid."""
