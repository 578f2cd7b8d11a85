"""How much one report may hold."""

from typing import Final

MESSAGE_MAX: Final = 256 * 1024
"""Bytes of UTF-8 in the message, some 250,000 letters of English."""
DETAIL_MAX: Final = 64 * 1024
"""Bytes of UTF-8 in each of the two further texts."""
FILES_MAX: Final = 20
"""Files of one hand-in, and of one that is sealed in the browser; the form's page takes its own one by one."""
UPLOAD_MAX: Final = 2 << 30
"""Bytes of all of them together."""
