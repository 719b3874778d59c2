"""The functions of api over HTTP."""
