"""How does a text that others wrote get to a terminal? Without what a terminal would obey."""


def printable(text: str) -> str:
    """The text with control characters written as escapes.

    Examples:
        >>> printable("a\\x1b[2Jb")
        'a\\\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
