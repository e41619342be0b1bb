"""From text to spans: links, contacts, emoji, and what must never be taken for them."""
