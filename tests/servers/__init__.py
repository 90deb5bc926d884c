"""Servers that tests start themselves."""
