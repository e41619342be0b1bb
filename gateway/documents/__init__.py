"""What hides in attachments and images: content decides, not the name."""
