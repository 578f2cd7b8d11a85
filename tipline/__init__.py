"""The public zone of Tipline and what every process stands on."""
