"""Start and end the local stack."""
