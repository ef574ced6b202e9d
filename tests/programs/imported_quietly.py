"""A module that is imported inside a function."""

VALUE = 42
