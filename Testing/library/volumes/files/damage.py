"""Random edits of the bytes of a file."""

from __future__ import annotations

from hypothesis import strategies as st

Edits = list[tuple[float, str, bytes]]
"""Place as a share of the length, what is done there, and bytes."""
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["replace", "remove", "insert"]),
        st.binary(min_size=1, max_size=6)
        | st.sampled_from([b"9" * 12, b"9999", b"-1", b"-", b"0", b"nan", b"\n", b"["]),
    ),
    min_size=1,
    max_size=5,
)  # fmt: skip


def edited(data: bytes, edits: Edits, header: int | None = None) -> bytes:
    """The bytes after the edits, all of them among the first ``header`` bytes if that is given."""
    result = bytearray(data)
    for place, action, content in edits:
        at = int(place * min(header or len(result), len(result)))
        if action != "insert":
            del result[at : at + len(content)]
        if action != "remove":
            result[at:at] = content
    return bytes(result)
