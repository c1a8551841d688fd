"""Is this text an address of the web?"""

from urllib.parse import urlsplit


def is_url(url: str) -> bool:
    """True for an http or https address that names a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
