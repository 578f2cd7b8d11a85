"""Numbered SQL of the public database, forward only."""
