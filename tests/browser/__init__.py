"""Journeys through the app in Chromium."""
