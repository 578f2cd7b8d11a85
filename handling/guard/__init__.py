"""The guard: the one process that can let something out. It shows, checks, seals and signs; it trusts no other process."""
