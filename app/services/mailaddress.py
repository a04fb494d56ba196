"""What an e-mail address is."""

from __future__ import annotations


def is_mail_address(text: str) -> bool:
    """Whether mail can go to an address: one plain `name@domain`."""
    # Nobody types an address while the program starts, and this library is slow to import.
    from email.errors import HeaderParseError
    from email.headerregistry import Address

    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):
        return False
    return bool(address.username and "." in address.domain) and text.isascii() and address.addr_spec == text
