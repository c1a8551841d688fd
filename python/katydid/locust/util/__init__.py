"""Locust's util package."""
