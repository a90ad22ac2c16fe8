"""Rules on pain: how severe, treated how, coming from where."""
