"""The deployment guide, walked: every command block of docs/deploy.md on Debian machines with systemd of their own.

``python -m tests.walk`` needs root, systemd-nspawn and debootstrap (Debian: systemd-container, debootstrap), Java and
Maven, and the package registries; it takes about half an hour and is not part of the test run.
"""
