"""What every process stands on: settings, database, blobs, web, sign-in. It imports `crypto` and no zone."""
