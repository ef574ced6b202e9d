"""Faults put into the library on purpose: does a test notice each of them?"""
