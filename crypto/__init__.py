"""Sealing, signing and deriving: every use of a cryptographic package stands here, and nothing of a tip's meaning."""
