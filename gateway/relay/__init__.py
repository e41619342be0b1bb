"""The delivery agent."""
