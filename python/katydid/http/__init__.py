"""What both HTTP clients share on the Python side: counted headers and cookies, bodies, heads.

Ordinary requests never come here; see `katydid._core`.
"""
