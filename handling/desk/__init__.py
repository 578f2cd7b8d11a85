"""The analysts' process: reviewed reports, matching, release requests, feedback, outcomes. No raw tip and no corridor key."""
