"""Where sources report and return: seals what arrives before anything is written, and keeps only ciphertext."""
