"""The doors: pages, HTTP API, command line. They translate and decide nothing."""
