"""The functions of schema `api` over HTTP, which `tidemark serve` answers."""
