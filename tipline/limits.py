"""How much one report may hold, whichever way it comes."""

from typing import Final

MESSAGE_MAX: Final = 256 * 1024
"""Bytes of UTF-8 in the message, some 250,000 letters of English."""
DETAIL_MAX: Final = 64 * 1024
"""Bytes of UTF-8 in each of the two further texts."""
FILES_MAX: Final = 20
UPLOAD_MAX: Final = 2 << 30
"""Bytes of all files of one report together."""
