"""Found by interpreters that a test starts."""
