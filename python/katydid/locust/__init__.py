"""Locust's public names, served by katydid."""
