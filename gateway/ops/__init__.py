"""What operators see: logs, events, metrics."""
