"""An SMTP gateway that keeps sellers' mail to marketplace buyers within the marketplace's messaging policy."""

__version__ = "0.1.0"
