"""What both HTTP clients share on the Python side: headers and cookies that count their changes, bodies, heads.

Ordinary requests never come here; see `katydid._core`.
"""
