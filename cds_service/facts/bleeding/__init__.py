"""Readings about bleeding: antithrombotics and their holds, coagulation, kidneys and liver."""
