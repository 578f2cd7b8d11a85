"""The composition root: one module per subcommand, and a zone is imported only inside its subcommand."""
