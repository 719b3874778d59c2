"""From the values of records to what COPY reads."""
