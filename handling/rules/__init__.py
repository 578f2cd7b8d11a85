"""pure: what may be done, decided from values alone. Nothing here reads a clock, a file or a table."""
