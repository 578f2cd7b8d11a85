"""The corridor: collects tips, talks to sources, makes items and reports. The only place where a raw tip is opened."""
