"""Rules on bleeding and antithrombotic drugs."""
