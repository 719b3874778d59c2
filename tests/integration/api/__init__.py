"""The functions of schema api: what they answer, whom, and what they refuse."""
