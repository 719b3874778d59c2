"""What BI tools may add up: metrics of the marts, in the form that each tool reads."""
