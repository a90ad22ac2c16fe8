"""What users did with the cards: received from EHRs, joined to what was shown, and summarised by rule."""
