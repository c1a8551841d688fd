"""katydid: runs Locust test suites, unmodified, on a fast and honest engine."""
