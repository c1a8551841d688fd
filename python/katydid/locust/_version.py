"""Which Locust does this package stand for? What plugins and other nodes compare is Locust's version."""

version = "2.46.3"
"""The release of Locust whose interface this package serves; katydid's own is `katydid._core.__version__`."""

__version__ = version

version_tuple = tuple(int(part) for part in version.split("."))
