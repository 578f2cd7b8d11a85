"""Sizes in classes: what a sealed thing weighs says which class its content fell into, and no more."""

KIB = 1024
MESSAGE_STEP = 4 * KIB
PART_STEP = 64 * KIB
PART_MAX = 16 * KIB * KIB

_GROWTH = 4


def message_size(n: int) -> int:
    """Return the smallest of 4 KiB, 16 KiB, 64 KiB, … that holds *n* bytes."""
    return _size_class(n, MESSAGE_STEP)


def pad_message(message: bytes) -> bytes:
    """Fill a JSON message up to its class with spaces, which any JSON reader skips."""
    return message.ljust(message_size(len(message)), b" ")


def part_size(n: int) -> int:
    """Return the smallest of 64 KiB, 256 KiB, 1, 4 and 16 MiB that holds *n* bytes of a part.

    Raises:
        ValueError: *n* is past `PART_MAX`, so that the file wants another part.
    """
    if n > PART_MAX:
        raise ValueError("a part holds at most 16 MiB")
    return _size_class(n, PART_STEP)


def _size_class(n: int, step: int) -> int:
    if n < 0:
        raise ValueError("a size is not negative")
    size = step
    while size < n:
        size *= _GROWTH
    return size
