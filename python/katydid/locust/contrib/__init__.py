"""Locust's contrib package."""
