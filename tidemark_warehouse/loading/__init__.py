"""From files into raw: reading, mapping, checking, writing."""
