"""For tests of programs that use this library."""
