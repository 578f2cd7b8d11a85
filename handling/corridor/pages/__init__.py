"""The corridor's pages on port 8081: parse, call one thing, render. No SQL, no cryptography and no rules in here."""
