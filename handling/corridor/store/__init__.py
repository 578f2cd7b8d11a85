"""The corridor's rows in PostgreSQL: one module per table group, each function one statement; the caller owns the transaction."""
