"""The questions that may follow a message: a file that a unit writes, what it asks of whom, and answers. No I/O but the files carried here."""
