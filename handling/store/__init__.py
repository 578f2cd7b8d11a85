"""What the inside processes share: the signed member list, keyrings and vaults, agencies and agreements."""
