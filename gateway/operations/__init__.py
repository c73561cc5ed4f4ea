"""What the operator sees: logs and health. Never a secret, at any level."""
