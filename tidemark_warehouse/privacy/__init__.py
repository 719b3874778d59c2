"""What a person may ask for: to be forgotten."""
